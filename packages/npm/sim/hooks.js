"use strict";
const { Sim } = require("./index.js");
const { acquire } = require("./program.js");

/** Gives each test of a file, or of a `describe` block, a world, with the hooks of jest or vitest. */
exports.hooks = function hooks({ afterAll, afterEach, beforeAll, beforeEach, expect }, options = {}) {
  const sim = new Sim(options);
  let program;
  beforeAll(async () => {
    program = await acquire(options.options);
    if (options.shared) await sim.start();
  });
  beforeEach(async () => {
    await sim.start(expect.getState().currentTestName);
  });
  afterEach(() => (options.shared ? sim.check() : sim.stop()));
  afterAll(async () => {
    await sim.end();
    await program?.release();
  });
  return sim;
};
