/// For component tests: a page around a component, and an API whose answers a test gives. The sessions of a file are closed
/// after each test, because their messages would reach the next one.
import { QueryClientProvider } from "@tanstack/react-query";
import { act, render, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { Suspense } from "react";
import { afterEach, expect } from "vitest";
import { createWorld, type World } from "./frame/world.ts";
import { type Admin, AdminProvider, ServicesProvider } from "./ui/services.tsx";

export const ADMIN: Admin = {
  admin_id: "0198c0de-0000-7000-8000-000000000001",
  name: "Ravi Iyer",
  email: "ravi@example.com",
  phone_number: "+919876543210",
  role: "Manager",
  operator_scope: [],
  status: "active",
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  etag: "1",
  permissions: ["Users:read", "Users:edit", "Recharge:read"],
  language: "en",
  subscription_notices: "digest",
};

export type Answer = unknown | Response | ((request: Request) => unknown | Promise<unknown>);
/// By method and path: `"POST /v1/auth/login"`. What is not there is a 404.
export type Answers = Record<string, Answer>;

export interface Stage {
  world: World;
  requests: Request[];
}

const open: World[] = [];
afterEach(() => {
  for (const world of open.splice(0)) {
    world.session.close();
    world.queries.clear();
  }
});

export function stage(answers: Answers): Stage {
  const requests: Request[] = [];
  const world = createWorld(async (input, options) => {
    const request =
      input instanceof Request ? input : new Request(new URL(String(input), location.origin), options);
    requests.push(request.clone());
    const answer = answers[`${request.method} ${new URL(request.url).pathname}`];
    const value = typeof answer === "function" ? await answer(request) : answer;
    if (value instanceof Response) return value.clone();
    if (value === undefined) return refusal(404, "not_found");
    return Response.json(value);
  });
  open.push(world);
  return { world, requests };
}

export function refusal(status: number, code: string, more: Record<string, unknown> = {}): Response {
  return Response.json(
    { code, status, detail: `Refused: ${code}.`, request_id: "req-1", ...more },
    { status },
  );
}

export function around(world: World, children: ReactNode, admin: Admin = ADMIN): ReactNode {
  return (
    <ServicesProvider value={{ ...world, language: "en", setLanguage: () => undefined }}>
      <QueryClientProvider client={world.queries}>
        <AdminProvider value={admin}>
          <Suspense fallback={<i data-loading="" />}>{children}</Suspense>
        </AdminProvider>
      </QueryClientProvider>
    </ServicesProvider>
  );
}

/// Renders, and waits until messages are loaded.
export async function show(children: ReactNode): Promise<void> {
  await act(async () => {
    render(children);
  });
  await waitFor(() => expect(document.querySelector("[data-loading]")).toBeNull());
}
