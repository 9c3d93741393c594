// SPDX-License-Identifier: GPL-3.0-or-later
// Who looks at this? Whoever signed in with a password, or typed a token; else the door is shown.
import { Center, Loader } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import {
  ApiError,
  getJson,
  hasSession,
  hasToken,
  onSignedOut,
  send,
  setCsrf,
  setToken,
} from "../api/client";
import type { Account, Session } from "../api/types";
import { mayAs, type Role } from "./permissions";
import { SignIn } from "./SignIn";

interface Visitor {
  account: Account;
  may: (role: Role, everywhere?: boolean) => boolean;
  signOut: () => Promise<void>;
}

const Context = createContext<Visitor | null>(null);

/** Why the door is shown; null where somebody chose to leave, or has only come. */
export type DoorReason = "expired" | "unreachable" | null;

export async function signIn(name: string, secret: string): Promise<void> {
  if (name === "") {
    setToken(secret);
    return;
  }
  setToken(null);
  setCsrf((await send<Session>("POST", "/session", { name, password: secret })).csrf_token);
}

function forget(): void {
  setToken(null);
  setCsrf(null);
}

/** Find out who is there; null where nobody is. */
async function recognise(): Promise<Account | null> {
  try {
    if (!hasToken() && !hasSession()) setCsrf((await getJson<Session>("/session")).csrf_token);
    return await getJson<Account>("/account");
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 404)) return null;
    throw error;
  }
}

export function SessionProvider({ children }: { children: React.ReactNode }) {
  const [account, setAccount] = useState<Account | null>();
  const [reason, setReason] = useState<DoorReason>(null);
  const queries = useQueryClient();

  const enter = useCallback(async (): Promise<boolean> => {
    const found = await recognise();
    if (found === null) forget();
    setAccount(found);
    return found !== null;
  }, []);

  useEffect(() => {
    enter().catch(() => {
      setReason("unreachable");
      setAccount(null);
    });
  }, [enter]);

  useEffect(
    () =>
      onSignedOut(() => {
        forget();
        queries.clear();
        setAccount((before) => {
          if (before) setReason("expired");
          return null;
        });
      }),
    [queries],
  );

  const visitor = useMemo<Visitor | null>(() => {
    if (!account) return null;
    return {
      account,
      may: (role, everywhere) => mayAs(account.grants, role, everywhere),
      signOut: async () => {
        if (hasSession()) await send("DELETE", "/session").catch(() => undefined);
        forget();
        queries.clear();
        setReason(null);
        setAccount(null);
      },
    };
  }, [account, queries]);

  if (account === undefined)
    return (
      <Center h="100vh">
        <Loader />
      </Center>
    );
  if (visitor === null) return <SignIn reason={reason} onSignedIn={enter} />;
  return <Context value={visitor}>{children}</Context>;
}

export function useVisitor(): Visitor {
  const visitor = useContext(Context);
  if (visitor === null) throw new Error("nobody is signed in");
  return visitor;
}
