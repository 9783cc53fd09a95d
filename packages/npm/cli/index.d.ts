/**
 * Returns the path of the program `weixin`: the one of the environment variable `WEIXIN_BIN`, or else of this platform's
 * package. Throws an error that says how to install it if it is missing.
 */
export declare function binPath(): string;
