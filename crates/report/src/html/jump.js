"use strict";
// What pages with a filter have in common: jumps that land where they should.

// Below the filter, however many rows that has.
const fit = () => {
  const form = document.getElementById("filter");
  const sticky = getComputedStyle(form).position === "sticky";
  document.documentElement.style.setProperty("--filter", `${sticky ? form.offsetHeight : 0}px`);
};

// What was out of sight has another height than was guessed, and would move what is below it once it is laid out.
const jump = (target) => {
  document.documentElement.classList.add("laid-out");
  target.scrollIntoView({ behavior: "instant" });
};
