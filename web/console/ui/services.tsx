/// What every page needs: the client of the API, who is signed in, and the language.
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Api } from "#shared/api.ts";
import type { Connection } from "#shared/connection.ts";
import type { Language } from "#shared/i18n.ts";
import type { components } from "#shared/schema.d.ts";
import type { Session } from "#shared/session.ts";

export type Admin = components["schemas"]["AdminDetail"];

export interface Services {
  api: Api;
  session: Session;
  connection: Connection;
  language: Language;
  setLanguage: (language: Language) => void;
}

const ServicesContext = createContext<Services | null>(null);
export const ServicesProvider = ServicesContext.Provider;

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error("useServices is used outside of ServicesProvider");
  return services;
}

export const useApi = (): Api => useServices().api;

export function useReach() {
  const { connection } = useServices();
  return useSyncExternalStore(connection.subscribe, connection.getReach);
}

const AdminContext = createContext<Admin | null>(null);
export const AdminProvider = AdminContext.Provider;

/// Who is signed in.
export function useAdmin(): Admin {
  const admin = useContext(AdminContext);
  if (!admin) throw new Error("useAdmin is used outside of AdminProvider");
  return admin;
}

/// Whether the role allows something, such as `Users:edit`. The API decides in the end; this hides what it would refuse.
/// `scoped`: the route admits an admin who is limited to some operators.
export function mayOf(admin: Admin) {
  return (permission: string | null, { scoped = false } = {}): boolean =>
    permission === null ||
    (admin.permissions.includes(permission) && (scoped || admin.operator_scope.length === 0));
}

export const useMay = () => mayOf(useAdmin());
