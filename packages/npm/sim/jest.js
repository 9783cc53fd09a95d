"use strict";
const { hooks } = require("./hooks.js");

exports.useSim = function useSim(options) {
  return hooks(require("@jest/globals"), options);
};
