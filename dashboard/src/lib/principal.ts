import { createContext, useContext } from "react";
import type { Session } from "./types";

export type Principal = Session;
export const PrincipalContext = createContext<Principal>({ id: "", roles: [] });

/** Whether who is signed in may do what needs this role. The server decides; this only greys out. */
export function useMay(role: "viewer" | "developer" | "approver" | "admin"): boolean {
  const { roles } = useContext(PrincipalContext);
  return roles.includes("admin") || roles.includes(role) || (role === "viewer" && roles.length > 0);
}
