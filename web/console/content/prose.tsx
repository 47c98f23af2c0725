/// The HTML of a text that the API made out of Markdown, shown as elements: the page takes no HTML (Trusted Types), and here only what
/// is listed is made of it, whatever it says.
import { createElement, Fragment, type ReactNode } from "react";

const TAGS = new Set(
  "P H2 H3 H4 UL OL LI STRONG EM CODE PRE BLOCKQUOTE HR BR TABLE THEAD TBODY TR TH TD".split(" "),
);
const SAFE_LINK = /^(?:https?:\/\/|\/(?!\/)|#|mailto:|tel:)/;

export function Prose({ html }: { html: string }) {
  return <>{nodesOf(html)}</>;
}

/// A text of elements, read by hand: `DOMParser` is a sink of Trusted Types as well.
export function nodesOf(html: string): ReactNode[] {
  const root: Open = { tag: "", props: {}, children: [] };
  const path: Open[] = [root];
  const top = () => path[path.length - 1] ?? root;
  for (const [piece] of html.matchAll(/<[^>]*>|[^<]+/g)) {
    const tag = /^<(\/?)([a-zA-Z][a-zA-Z0-9]*)/.exec(piece);
    if (!piece.startsWith("<")) top().children.push(textOf(piece));
    else if (tag) {
      const name = (tag[2] ?? "").toUpperCase();
      if (tag[1] === "/") close(path, name);
      else if (name === "HR" || name === "BR")
        top().children.push(made({ tag: name, props: {}, children: [] }, top()));
      else path.push({ tag: name, props: name === "A" ? linkOf(piece) : {}, children: [] });
    }
  }
  while (path.length > 1) close(path, top().tag);
  return root.children;
}

interface Open {
  tag: string;
  props: Record<string, string>;
  children: ReactNode[];
}

/// Ends the innermost element of this name, and those in it.
function close(path: Open[], name: string): void {
  if (!path.some((each) => each.tag === name)) return;
  for (let ended = path.pop(); ended; ended = path.pop()) {
    const around = path[path.length - 1];
    around?.children.push(made(ended, around));
    if (ended.tag === name) return;
  }
}

function made({ tag, props, children }: Open, around: Open): ReactNode {
  const key = around.children.length;
  const isKnown = TAGS.has(tag) || (tag === "A" && props.href !== undefined);
  // What a script holds is no text to be read.
  if (tag === "SCRIPT" || tag === "STYLE") return null;
  return isKnown
    ? createElement(tag.toLowerCase(), { ...props, key }, ...(children.length > 0 ? children : []))
    : createElement(Fragment, { key }, ...children);
}

function linkOf(piece: string): Record<string, string> {
  const href = textOf(/\bhref="([^"]*)"/.exec(piece)?.[1] ?? "");
  return SAFE_LINK.test(href) ? { href, target: "_blank", rel: "noopener noreferrer" } : {};
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

function textOf(escaped: string): string {
  return escaped.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (all, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return NAMED[name] ?? all;
  });
}
