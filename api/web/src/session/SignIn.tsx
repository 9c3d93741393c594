// SPDX-License-Identifier: GPL-3.0-or-later
// How does one come in? With name and password, or with an API token.
import {
  Alert,
  Button,
  Center,
  Code,
  Group,
  Paper,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { useText } from "../i18n/language";
import { Logo } from "../shell/Logo";
import { LanguageChoice, SchemeChoice } from "../shell/Preferences";
import { type DoorReason, signIn } from "./session";

interface SignInProps {
  reason: DoorReason;
  onSignedIn: () => Promise<boolean>;
}

export function SignIn({ reason, onSignedIn }: SignInProps) {
  const t = useText();
  const [way, setWay] = useState<"password" | "token">("password");
  useEffect(() => {
    document.title = `${t("sign-in.title")} · MyX`;
  }, [t]);
  return (
    <Center mih="100vh" p="md" component="main">
      <Stack w="100%" maw={400}>
        <Group justify="space-between">
          <Logo />
          <Group gap="xs">
            <LanguageChoice />
            <SchemeChoice />
          </Group>
        </Group>
        <Paper withBorder p="xl" shadow="sm">
          <Stack>
            <Title order={1} size="h2">
              {t("sign-in.title")}
            </Title>
            {reason && (
              <Alert color={reason === "expired" ? "yellow" : "red"}>
                {t(reason === "expired" ? "sign-in.expired" : "error.unreachable")}
              </Alert>
            )}
            <SegmentedControl
              fullWidth
              value={way}
              onChange={(value) => setWay(value as typeof way)}
              data={[
                { value: "password", label: t("sign-in.user") },
                { value: "token", label: t("sign-in.token") },
              ]}
            />
            <SignInForm key={way} way={way} onSignedIn={onSignedIn} />
          </Stack>
        </Paper>
      </Stack>
    </Center>
  );
}

interface FormProps {
  way: "password" | "token";
  onSignedIn: () => Promise<boolean>;
}

function SignInForm({ way, onSignedIn }: FormProps) {
  const t = useText();
  const [name, setName] = useState("");
  const [secret, setSecret] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(way === "token" ? "" : name.trim(), way === "token" ? secret.trim() : secret);
      if (!(await onSignedIn())) setError(t("sign-in.wrong-token"));
    } catch (caught) {
      setError(caught instanceof ApiError ? caught.message : t("error.unreachable"));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        {way === "password" && (
          <TextInput
            label={t("sign-in.name")}
            autoComplete="username"
            spellCheck={false}
            required
            autoFocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
        <PasswordInput
          label={t(way === "token" ? "sign-in.token" : "sign-in.password")}
          autoComplete="current-password"
          required
          autoFocus={way === "token"}
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("sign-in.show") }}
        />
        {error && (
          <Alert color="red" role="alert">
            {error}
          </Alert>
        )}
        <Button type="submit" loading={isBusy}>
          {t("sign-in.submit")}
        </Button>
        {way === "token" && (
          <Text size="sm" c="dimmed">
            {t("sign-in.token-help")} <Code>admin-token</Code>
          </Text>
        )}
      </Stack>
    </form>
  );
}
