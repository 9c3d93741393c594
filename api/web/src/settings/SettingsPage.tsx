// SPDX-License-Identifier: GPL-3.0-or-later
// What is one's own? The account with what it may, its password, light or dark, the language.
import {
  Badge,
  Button,
  Card,
  Group,
  PasswordInput,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Text,
  Title,
  useMantineColorScheme,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../api/client";
import { type Language, useLanguage } from "../i18n/language";
import { tellGrant } from "../people/PeoplePage";
import { useVisitor } from "../session/session";
import { Page, Problem } from "../shell/Page";
import { tellTime } from "../shell/times";

export function SettingsPage() {
  const { t } = useLanguage();
  const { account } = useVisitor();
  return (
    <Page title={t("nav.settings")}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <AccountCard />
        <LooksCard />
        {account.credential.startsWith("session/") && <PasswordCard />}
      </SimpleGrid>
    </Page>
  );
}

function AccountCard() {
  const { t, language } = useLanguage();
  const { account } = useVisitor();
  const health = useQuery({
    queryKey: ["health"],
    queryFn: async () => (await fetch("healthz")).json() as Promise<{ version: string }>,
  });
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Title order={2} size="h5">
          {account.name}
        </Title>
        <Group gap={4}>
          {account.grants.map(tellGrant).map((grant) => (
            <Badge key={grant} variant="default" radius="sm" tt="none">
              {grant}
            </Badge>
          ))}
        </Group>
        {account.expires_at && (
          <Text size="sm">
            {t("people.expires")}: {tellTime(account.expires_at, language)}
          </Text>
        )}
        <Text size="sm" c="dimmed">
          MyX {health.data?.version}
        </Text>
      </Stack>
    </Card>
  );
}

function LooksCard() {
  const { t, language, choose } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h5">
          {t("settings.looks")}
        </Title>
        <SegmentedControl
          value={colorScheme}
          onChange={(scheme) => setColorScheme(scheme as typeof colorScheme)}
          data={(["auto", "light", "dark"] as const).map((scheme) => ({
            value: scheme,
            label: t(`settings.${scheme}`),
          }))}
        />
        <SegmentedControl
          value={language}
          onChange={(chosen) => choose(chosen as Language)}
          data={[
            { value: "en", label: "English" },
            { value: "zh", label: "中文" },
          ]}
        />
      </Stack>
    </Card>
  );
}

function PasswordCard() {
  const { t } = useLanguage();
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [error, setError] = useState<Error | null>(null);

  async function submit(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      const body = { current_password: current, new_password: fresh };
      await send("PUT", "/account/password", body);
      notifications.show({ color: "green", message: t("settings.password-changed") });
      setCurrent("");
      setFresh("");
    } catch (caught) {
      setError(caught as Error);
    }
  }

  return (
    <Card withBorder>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Title order={2} size="h5">
            {t("settings.password")}
          </Title>
          <PasswordInput
            required
            label={t("settings.current-password")}
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("sign-in.show") }}
          />
          <PasswordInput
            required
            label={t("settings.new-password")}
            autoComplete="new-password"
            value={fresh}
            onChange={(event) => setFresh(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("sign-in.show") }}
          />
          {error && <Problem error={error} />}
          <Button type="submit">{t("settings.password")}</Button>
        </Stack>
      </form>
    </Card>
  );
}
