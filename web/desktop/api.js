// @ts-check
// What the pages ask of the server beside the websocket, and who asks.
import { randomID } from "./client.js";

/** The session token, in memory only; after a reload the cookie stands in for it, where there is one. */
export const session = { token: "" };

/** @param {string} method @param {string} path @param {any} [body] */
export async function api(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = { "Ctid-Client": client };
  if (session.token) headers.Authorization = "Bearer " + session.token;
  if (body) headers["Content-Type"] = "application/json";
  const res = await fetch(path, { method, headers, body: body ? JSON.stringify(body) : undefined, credentials: "same-origin" });
  const out = res.status === 204 ? {} : await res.json();
  if (!res.ok) throw Object.assign(new Error(out.detail ?? "The server refused."), { login: res.status === 401, code: out.code });
  return out;
}

/** One id for each browser profile: several tabs of it share the agent's seat. */
function clientID() {
  try {
    const old = localStorage.getItem("ctid.client");
    if (old) return old;
    const id = randomID();
    localStorage.setItem("ctid.client", id);
    return id;
  } catch {
    return randomID(); // storage is off
  }
}

export const client = clientID();
