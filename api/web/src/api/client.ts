// SPDX-License-Identifier: GPL-3.0-or-later
// How is the API asked? With the session's cookie and CSRF token, or with a token of this tab.

const TOKEN_KEY = "myx-token";
export const API = "api/v1";

export interface FieldProblem {
  field: string;
  message: string;
}

/** What the API answered that is no success. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldProblem[];

  constructor(status: number, code: string, message: string, fields: FieldProblem[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

type Listener = () => void;

let csrf: string | null = null;
const listeners = new Set<Listener>();

/** Call `listener` when the credentials are refused; returns what ends that. */
export function onSignedOut(listener: Listener): Listener {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setCsrf(token: string | null): void {
  csrf = token;
}

export function hasSession(): boolean {
  return csrf !== null;
}

export function setToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, token);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN_KEY) !== null;
}

function credentials(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  if (token !== null) return { Authorization: `Bearer ${token}` };
  return csrf === null ? {} : { "X-CSRF-Token": csrf };
}

/** Ask the API; throws `ApiError` for what it refuses, `TypeError` where it does not answer. */
export async function request(path: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(`${API}${path}`, {
    ...options,
    headers: { ...credentials(), ...(options.headers as Record<string, string> | undefined) },
    cache: "no-store",
  });
  if (response.ok) return response;
  const error = await readProblem(response);
  if (error.status === 401 && !path.startsWith("/session")) {
    for (const listener of listeners) listener();
  }
  throw error;
}

async function readProblem(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as {
    code?: string;
    detail?: string;
    errors?: FieldProblem[] | null;
  };
  const message = problem.detail ?? `HTTP ${response.status}`;
  return new ApiError(response.status, problem.code ?? "", message, problem.errors ?? []);
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request(path, { signal: signal ?? null })).json() as Promise<T>;
}

/** Change something; what is answered, or null where there is nothing. */
export async function send<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const content: Record<string, string> =
    body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await request(path, {
    method,
    headers: { ...content, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return (response.status === 204 ? null : await response.json()) as T;
}

export type QueryValue = string | number | boolean | null | undefined | readonly string[];

/** Build the query of a list; what is empty is left out. */
export function query(values: Record<string, QueryValue>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) for (const each of value) parameters.append(name, each);
    else if (value !== null && value !== undefined && value !== "")
      parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}
