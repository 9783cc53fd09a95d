"use strict";
const { Sim } = require("./index.js");
const { acquire } = require("./program.js");

exports.withSim = function withSim(...parameters) {
  const run = parameters.pop();
  const [options = {}] = parameters;
  return async (t) => {
    // Held until the process ends, so that the next test finds the simulator running.
    await acquire(options.options);
    const sim = await new Sim(options).start(t.fullName ?? t.name);
    let failure;
    try {
      await run(sim, t);
    } catch (error) {
      failure = error;
    }
    await sim.stop().catch((findings) => {
      const both = failure && new AggregateError([failure, findings], `${failure.message}\n${findings.message}`);
      failure = both ?? findings;
    });
    if (failure) throw failure;
  };
};
