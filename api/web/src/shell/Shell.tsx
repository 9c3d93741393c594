// SPDX-License-Identifier: GPL-3.0-or-later
// What stands around every page? The way to the others, who is signed in, and the choices.
import { AppShell, Burger, Group, NavLink, ScrollArea, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useEffect } from "react";
import { Link, useLocation } from "react-router";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import type { Role } from "../session/permissions";
import { useVisitor } from "../session/session";
import { Icon, type IconName } from "./icons";
import { Logo } from "./Logo";
import { LanguageChoice, SchemeChoice } from "./Preferences";

interface Place {
  to: string;
  label: Key;
  icon: IconName;
  role: Role;
  everywhere?: boolean;
}

const PLACES: Place[] = [
  { to: "/overview", label: "nav.overview", icon: "overview", role: "viewer" },
  { to: "/runs", label: "nav.runs", icon: "runs", role: "viewer" },
  { to: "/hosts", label: "nav.hosts", icon: "hosts", role: "viewer" },
  { to: "/groups", label: "nav.groups", icon: "groups", role: "viewer" },
  { to: "/launch", label: "nav.launch", icon: "launch", role: "operator" },
  { to: "/schedules", label: "nav.schedules", icon: "schedules", role: "viewer" },
  { to: "/webhooks", label: "nav.webhooks", icon: "webhooks", role: "viewer" },
  { to: "/notifications", label: "nav.notifications", icon: "notifications", role: "viewer" },
  { to: "/people", label: "nav.people", icon: "people", role: "viewer" },
  { to: "/audit", label: "nav.audit", icon: "audit", role: "admin", everywhere: true },
  { to: "/settings", label: "nav.settings", icon: "settings", role: "viewer" },
];

export function Shell({ children }: { children: React.ReactNode }) {
  const t = useText();
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(close, [pathname]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 208, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <button type="button" className="skip" onClick={focusContent}>
        {t("shell.skip")}
      </button>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t("shell.menu")}
            />
            <Logo />
          </Group>
          <Group gap={4} wrap="nowrap">
            <LanguageChoice />
            <SchemeChoice />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t("shell.navigation")}>
        <Navigation pathname={pathname} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

function focusContent(): void {
  document.getElementById("content")?.focus();
}

function Navigation({ pathname }: { pathname: string }) {
  const t = useText();
  const { account, may, signOut } = useVisitor();
  return (
    <>
      <AppShell.Section grow component={ScrollArea}>
        {PLACES.filter((place) => may(place.role, place.everywhere)).map((place) => {
          const isHere = pathname.startsWith(place.to);
          return (
            <NavLink
              key={place.to}
              component={Link}
              to={place.to}
              label={t(place.label)}
              leftSection={<Icon name={place.icon} />}
              active={isHere}
              aria-current={isHere ? "page" : undefined}
            />
          );
        })}
      </AppShell.Section>
      <AppShell.Section>
        <NavLink href="docs" label={t("nav.api")} leftSection={<Icon name="link" />} />
        <Text size="sm" c="dimmed" px="sm" pt="xs" truncate>
          {account.name}
        </Text>
        <NavLink
          component="button"
          label={t("shell.sign-out")}
          leftSection={<Icon name="leave" />}
          onClick={() => void signOut()}
        />
      </AppShell.Section>
    </>
  );
}
