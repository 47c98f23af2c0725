/// Before each component test: a page without anything that another test left.
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";

// A busy machine is slow, and that is no failure.
configure({ asyncUtilTimeout: 15_000 });

// jsdom lays nothing out, so nothing scrolls.
Element.prototype.scrollIntoView ??= () => undefined;
window.scrollTo = () => undefined;

beforeEach(() => localStorage.clear());
afterEach(cleanup);
