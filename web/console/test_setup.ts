/// Before each component test: a page without anything that another test left.
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";

// jsdom lays nothing out, so nothing scrolls.
Element.prototype.scrollIntoView ??= () => undefined;
window.scrollTo = () => undefined;

beforeEach(() => localStorage.clear());
afterEach(cleanup);
