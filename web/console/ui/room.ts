/// What a room of the console plugs into the frame: its pages, and where they stand in the menu.
import { type AnyRoute, createRootRoute, createRoute } from "@tanstack/react-router";
import type { ComponentType } from "react";
import type { Language } from "#shared/i18n.ts";

export const rootRoute = createRootRoute();
/// The page around all pages for somebody who is signed in. The frame gives it its component.
export const shellRoute = createRoute({ getParentRoute: () => rootRoute, id: "shell" });

/// The sections of the menu, in this order.
export const GROUPS = ["work", "customers", "money", "catalogue", "insight", "house"] as const;
export type Group = (typeof GROUPS)[number];
export type Words = Record<Language, string>;

export interface MenuEntry {
  label: Words;
  group: Group;
  icon: ComponentType;
  /// The room's first page.
  to: string;
}

export interface Room {
  /// The same as the room of the API.
  name: string;
  menu: MenuEntry;
  /// What a role must allow for its pages; null: everybody who is signed in.
  permission: string | null;
  /// Whether an admin who is limited to some operators may read there.
  scoped: boolean;
  /// By address: those of its pages that take more than the room does.
  pages?: Readonly<Record<string, Partial<Pick<Room, "permission" | "scoped">>>>;
  routes: readonly AnyRoute[];
}

/// Keeps the types of the routes, which make links checked.
export function room<const R extends Room>(definition: R): R {
  return definition;
}

declare module "@tanstack/react-router" {
  interface HistoryState {
    /// The cursors of the pages before this one, so that Previous survives a reload.
    trail?: string[];
  }
}
