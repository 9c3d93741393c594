// SPDX-License-Identifier: GPL-3.0-or-later
// Where does the interface begin? Here: styles, theme, language, session, pages.
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./styles.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { HashRouter } from "react-router";
import { App } from "./App";
import { ApiError } from "./api/client";
import { LanguageProvider } from "./i18n/language";
import { SessionProvider } from "./session/session";
import { resolver, theme } from "./theme";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";

// What locks the page behind a dialog writes a style element, too, and asks for its nonce here.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      retry: (failures, error) =>
        failures < 3 && !(error instanceof ApiError && error.status < 500),
    },
  },
});

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolver}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <Notifications position="top-right" />
      <QueryClientProvider client={queries}>
        <LanguageProvider>
          <HashRouter>
            <SessionProvider>
              <App />
            </SessionProvider>
          </HashRouter>
        </LanguageProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
}
