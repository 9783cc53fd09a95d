export interface SimOptions {
  /** Rules of findings that do not fail the test, such as `state-short`. */
  accept?: string[];
  /** The user (an ID or nickname) who logs in without a scan. */
  autoAllow?: string;
  /** The name of the test, which findings and the dashboard show. */
  name?: string;
  /** Further options of `weixin sim`, such as `["--config", "sim.toml"]`. */
  options?: string[];
  /** Makes codes, tokens and IDs repeatable. */
  seed?: number;
}

export interface HookOptions extends SimOptions {
  /** Uses one world for all tests, reset before each: for programs that read the URL once. */
  shared?: boolean;
}

export type AppKind = "website" | "official-account" | "mobile-app" | "mini-program";

export interface App {
  id: string;
  secret: string;
  kind: AppKind;
  name: string;
  callback_domains: string[];
  ip_whitelist: string[] | null;
  bound: boolean;
  frozen: boolean;
}

export type Effect =
  | "callback_twice"
  | "cookies_lost"
  | "cut"
  | "lone_surrogate"
  | "reset"
  | "reset_after"
  | "state_altered"
  | { answer: { body: string; content_type?: string; status?: number } }
  | { content_type: string }
  | { delay_ms: number }
  | { dialog: number }
  | { errcode: number }
  | { html: number }
  | { slow_body_ms: number }
  | { without: string };

export interface FaultMembers {
  id?: string;
  path?: string;
  app?: string;
  host?: string;
  user?: string;
  parameter?: { name: string; value?: string };
  header?: { name: string; value?: string };
  nth?: number;
  /** 1 by default; `null` is permanent. */
  times?: number | null;
  percent?: number;
}

export interface Finding {
  id: string;
  class: "local" | "undocumented" | "rejected" | "unsafe";
  fails: boolean;
  sent: string;
  remedy: { en: string; zh: string };
  answer: { en: string; zh: string };
  source: string;
  times: number;
  test: string | null;
}

export interface WechatRequest {
  number: number;
  method: string;
  host: string;
  path: string;
  /** Names and values; secrets are `***`. */
  parameters: [string, string][];
  status: number;
  errcode: number | null;
  answer: string | null;
  user: string | null;
}

/** WeChat for one test, with a clock, apps, users, faults, a log and findings of its own. */
export declare class Sim implements AsyncDisposable {
  private constructor();
  /** Used instead of https://open.weixin.qq.com and https://api.weixin.qq.com. */
  readonly url: string;
  /** `fetch` for clients with hard-coded hosts: it sends requests for WeChat's hosts to this simulator. */
  readonly fetch: typeof globalThis.fetch;
  /** Ends this WeChat, and throws an error that names the findings that fail, with the remedy of each. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * Scans the QR code of a login page and allows the login; returns the callback's URL. Without `loginUrl`, it waits for a
   * browser to open the page. `user` is an ID or nickname, such as `layla`.
   */
  scan(loginUrl?: string | URL, user?: string): Promise<string>;
  /** Scans the QR code and cancels. */
  refuse(loginUrl?: string | URL): Promise<void>;
  /** Opens an official account's login inside WeChat, and allows or cancels it; returns the callback's URL. */
  openInWechat(loginUrl: string | URL, user?: string, options?: { allow?: boolean }): Promise<string>;
  /** Opens a mini program; returns the code of `wx.login`. */
  jsCode(user?: string, appId?: string): Promise<string>;
  /** Moves the clock forward. */
  advance(seconds: number): Promise<void>;
  /** Adds a fault, such as `fault({ errcode: -1 }, { path: "/sns/userinfo" })`. */
  fault(effect: Effect, members?: FaultMembers): Promise<{ id: string }>;
  /** The requests so far: all, or those to one path. */
  requests(path?: string): Promise<WechatRequest[]>;
  /** The findings so far. */
  findings(): Promise<Finding[]>;
  /** The first app of a kind, with its secret; a website by default. */
  app(kind?: AppKind): Promise<App>;
  /** Registers an app, a website by default, or changes one. */
  addApp(id: string, members?: Partial<Omit<App, "id">>): Promise<App>;
  /** Calls the control API below `/_sim/api`. */
  control(method: string, path: string, members?: object): Promise<any>;
}

/** Starts a WeChat of your own; the simulator runs once per process. */
export declare function startSim(options?: SimOptions): Promise<Sim>;
