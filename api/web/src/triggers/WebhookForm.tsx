// SPDX-License-Identifier: GPL-3.0-or-later
// What starts when another system says so? A webhook: who signs how, which deliveries, what they give.
import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import type { NewWebhook, Webhook } from "../api/types";
import { useText } from "../i18n/language";
import { FormDialog, NameField } from "../shell/FormDialog";
import { SecretDialog } from "../shell/SecretDialog";
import { GivenRows, RuleRows } from "./RuleRows";
import { readGiven, readRule, writeGiven, writeRule } from "./rules";

interface WebhookFormProps {
  /** What is run, as the API takes it, where the webhook is new. */
  run?: Record<string, unknown>;
  /** What is changed, where it is not. */
  webhook?: Webhook;
  onClose: () => void;
  onDone: () => void;
}

export function WebhookForm({ run, webhook, onClose, onDone }: WebhookFormProps) {
  const t = useText();
  const [name, setName] = useState("");
  const [scheme, setScheme] = useState<Webhook["scheme"]>("myx");
  const [limitFrom, setLimitFrom] = useState("");
  const [rules, setRules] = useState(() => (webhook?.matchers ?? []).map(writeRule));
  const [given, setGiven] = useState(() => (webhook?.variables ?? []).map(writeGiven));
  const [made, setMade] = useState<NewWebhook | null>(null);

  async function submit() {
    const body = { matchers: rules.map(readRule), variables: given.map(readGiven) };
    if (webhook) {
      await send("PATCH", `/webhooks/${webhook.id}`, body);
      onDone();
      return;
    }
    const fresh = { ...body, name: name.trim(), scheme, run, limit_from: limitFrom.trim() || null };
    setMade(await send<NewWebhook>("POST", "/webhooks", fresh));
  }

  if (made) return <WebhookSecret webhook={made} onClose={onDone} />;
  return (
    <FormDialog
      title={t(webhook ? "webhooks.change" : "webhooks.add")}
      isChange={webhook !== undefined}
      size="lg"
      onClose={onClose}
      submit={submit}
    >
      {!webhook && (
        <>
          <NameField value={name} onChange={setName} />
          <Select
            label={t("webhooks.scheme")}
            allowDeselect={false}
            value={scheme}
            onChange={(chosen) => setScheme(chosen as typeof scheme)}
            data={[
              { value: "myx", label: "MyX" },
              { value: "github", label: "GitHub" },
              { value: "gitlab", label: "GitLab" },
            ]}
          />
        </>
      )}
      <RuleRows rows={rules} onChange={setRules} />
      <GivenRows rows={given} onChange={setGiven} />
      {!webhook && (
        <TextInput
          label={t("webhooks.limit-from")}
          description={t("webhooks.limit-from-help")}
          placeholder="/repository/name"
          spellCheck={false}
          value={limitFrom}
          onChange={(event) => setLimitFrom(event.currentTarget.value)}
        />
      )}
    </FormDialog>
  );
}

/** The address and the secret that the other system is given. */
export function WebhookSecret({ webhook, onClose }: { webhook: NewWebhook; onClose: () => void }) {
  const t = useText();
  const address = new URL(webhook.path.replace(/^\//, ""), document.baseURI).href;
  return (
    <SecretDialog
      title={webhook.name}
      words={t("webhooks.secret-once", { address })}
      secret={webhook.secret}
      onClose={onClose}
    />
  );
}
