// SPDX-License-Identifier: GPL-3.0-or-later
// How is something run? What, on which hosts, how; and a look at the hosts before it begins.
import {
  Alert,
  Button,
  Card,
  Grid,
  Group,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { getJson, send } from "../api/client";
import type { Page as PageOf, Run, Template, TemplateDetail } from "../api/types";
import { useText } from "../i18n/language";
import { Page, Problem } from "../shell/Page";
import { ScheduleForm } from "../triggers/ScheduleForm";
import { WebhookForm } from "../triggers/WebhookForm";
import { ArgumentField } from "./ArgumentField";
import { type Fields, readFields } from "./arguments";
import { type Draft, describeRun, EMPTY_DRAFT, type Kind } from "./draft";
import { LaunchOptions } from "./LaunchOptions";
import { MONOSPACE } from "./monospace";
import { TargetPreview } from "./TargetPreview";

const PAUSE_MS = 400;

/** A key that nobody else makes: the same click never starts two runs. */
function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export function LaunchPage() {
  const t = useText();
  const navigate = useNavigate();
  const [parameters] = useSearchParams();
  const [draft, setDraft] = useState<Draft>(() => ({
    ...EMPTY_DRAFT,
    limit: parameters.get("limit") ?? "",
    template: parameters.get("template") ?? "",
  }));
  const [fields, setFields] = useState<Fields>({});
  const [key, setKey] = useState(makeKey);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [later, setLater] = useState<"schedule" | "webhook" | null>(null);
  const change = (changes: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...changes }));
    setKey(makeKey());
  };
  const detail = useTemplate(draft.kind === "playbook" ? draft.template : "");
  const reading = readFields(detail?.arguments ?? [], fields);
  const isFine = Object.keys(reading.problems).length === 0;
  const body = describeRun(draft, reading.variables);
  const [settled] = useDebouncedValue(isFine ? JSON.stringify(body) : "null", PAUSE_MS);

  async function run() {
    setBusy(true);
    setError(null);
    try {
      const headers = { "Idempotency-Key": key };
      navigate(`/runs/${(await send<Run>("POST", "/runs", body, headers)).id}`);
    } catch (caught) {
      setError(caught as Error);
      setKey(makeKey());
    } finally {
      setBusy(false);
    }
  }

  return (
    <Page title={t("nav.launch")}>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <What draft={draft} change={change} />
            {detail && (
              <TemplateForm
                detail={detail}
                fields={fields}
                problems={reading.problems}
                onChange={(name, value) => {
                  setFields((before) => ({ ...before, [name]: value }));
                  setKey(makeKey());
                }}
              />
            )}
            <LaunchOptions draft={draft} change={change} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <TargetPreview draft={draft} change={change} body={settled} />
            {error && <Problem error={error} />}
            <Button
              size="md"
              loading={isBusy}
              disabled={body === null || !isFine}
              onClick={() => void run()}
            >
              {t(draft.check && draft.kind === "playbook" ? "launch.check" : "launch.run")}
            </Button>
            <Group grow>
              {(["schedule", "webhook"] as const).map((way) => (
                <Button
                  key={way}
                  variant="default"
                  disabled={body === null || !isFine}
                  onClick={() => setLater(way)}
                >
                  {t(`launch.by-${way}`)}
                </Button>
              ))}
            </Group>
            {later === "schedule" && body && (
              <ScheduleForm
                run={body}
                onClose={() => setLater(null)}
                onDone={() => navigate("/schedules")}
              />
            )}
            {later === "webhook" && body && (
              <WebhookForm
                run={body}
                onClose={() => setLater(null)}
                onDone={() => navigate("/webhooks")}
              />
            )}
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function useTemplate(name: string): TemplateDetail | undefined {
  return useQuery({
    queryKey: ["template", name],
    queryFn: ({ signal }) =>
      getJson<TemplateDetail>(`/templates/${encodeURIComponent(name)}`, signal),
    enabled: name !== "",
    staleTime: 30_000,
  }).data;
}

interface DraftProps {
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
}

function What({ draft, change }: DraftProps) {
  const t = useText();
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h5">
          {t("launch.what")}
        </Title>
        <SegmentedControl
          value={draft.kind}
          onChange={(kind) => change({ kind: kind as Kind })}
          data={(["playbook", "command", "script"] as const).map((kind) => ({
            value: kind,
            label: t(`kind.${kind}`),
          }))}
        />
        {draft.kind === "playbook" && <TemplateChoice draft={draft} change={change} />}
        {draft.kind === "command" && (
          <TextInput
            label={t("launch.command")}
            description={t("launch.command-help")}
            placeholder="systemctl is-active caddy"
            styles={MONOSPACE}
            spellCheck={false}
            value={draft.command}
            onChange={(event) => change({ command: event.currentTarget.value })}
          />
        )}
        {draft.kind === "script" && (
          <Textarea
            label={t("launch.script")}
            description={t("launch.script-help")}
            placeholder={"#!/bin/sh\nuptime"}
            autosize
            minRows={6}
            maxRows={24}
            styles={MONOSPACE}
            spellCheck={false}
            value={draft.script}
            onChange={(event) => change({ script: event.currentTarget.value })}
          />
        )}
      </Stack>
    </Card>
  );
}

function TemplateChoice({ draft, change }: DraftProps) {
  const t = useText();
  const templates = useQuery({
    queryKey: ["templates"],
    queryFn: ({ signal }) => getJson<PageOf<Template>>("/templates?page_size=500", signal),
    staleTime: 30_000,
  });
  const found = templates.data?.results ?? [];
  const chosen = found.find((template) => template.name === draft.template);
  return (
    <>
      <Select
        label={t("launch.template")}
        placeholder={t("launch.template-find")}
        searchable
        nothingFoundMessage={t("list.no-match")}
        value={draft.template || null}
        onChange={(template) => change({ template: template ?? "" })}
        data={found.map((template) => ({
          value: template.name,
          label: template.title ? `${template.name} — ${template.title}` : template.name,
        }))}
      />
      {templates.error && (
        <Problem error={templates.error} onRetry={() => void templates.refetch()} />
      )}
      {templates.data?.count === 0 && <Text size="sm">{t("launch.no-templates")}</Text>}
      {chosen?.error && (
        <Alert color="red" role="alert">
          {chosen.error}
        </Alert>
      )}
    </>
  );
}

interface TemplateFormProps {
  detail: TemplateDetail;
  fields: Fields;
  problems: ReturnType<typeof readFields>["problems"];
  onChange: (name: string, value: Fields[string]) => void;
}

function TemplateForm({ detail, fields, problems, onChange }: TemplateFormProps) {
  const t = useText();
  const args = detail.arguments.toSorted(
    (one, other) => Number(other.required) - Number(one.required),
  );
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h5">
          {t("launch.arguments")}
        </Title>
        {detail.description && <Text size="sm">{detail.description}</Text>}
        {args.length === 0 && <Text size="sm">{t("launch.no-arguments")}</Text>}
        {args.map((argument) => {
          const problem = problems[argument.name];
          const isTouched = argument.name in fields;
          return (
            <ArgumentField
              key={argument.name}
              argument={argument}
              value={fields[argument.name] ?? null}
              error={problem && isTouched ? t(problem) : null}
              onChange={(value) => onChange(argument.name, value)}
            />
          );
        })}
      </Stack>
    </Card>
  );
}
