// @ts-check
import { h, render, Component } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

/** Tagged templates that make elements. What is put in is text, never markup. */
export const html = htm.bind(h);
export { render, Component };
