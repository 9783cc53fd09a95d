import cli = require("@weixin-login/cli");
import sim = require("@weixin-login/sim");

export const path: string = cli.binPath();
export const started: Promise<sim.Sim> = sim.startSim();
