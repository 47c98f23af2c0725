"use strict";

// The state of the stores, beside the link to it. Without this script the link is as good.
const state = document.getElementById("health");
fetch("/health/ready").then((answer) => {
  state.textContent = answer.ok ? "ready" : "not ready";
  state.className = answer.ok ? "good" : "bad";
}).catch(() => {});
