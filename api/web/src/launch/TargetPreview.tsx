// SPDX-License-Identifier: GPL-3.0-or-later
// On which hosts would it run? Asked of the control plane while one types.
import {
  Alert,
  Badge,
  Card,
  Group,
  ScrollArea,
  Stack,
  TagsInput,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { send } from "../api/client";
import type { Preview } from "../api/types";
import { useText } from "../i18n/language";
import { Problem } from "../shell/Page";
import type { Draft } from "./draft";
import { MONOSPACE } from "./monospace";

const SHOWN_PER_WAVE = 60;

interface TargetPreviewProps {
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
  /** The run as JSON, "null" while something is missing. */
  body: string;
}

export function TargetPreview({ draft, change, body }: TargetPreviewProps) {
  const t = useText();
  const { data, error } = useQuery({
    queryKey: ["preview", body],
    queryFn: () => send<Preview>("POST", "/runs/preview", JSON.parse(body)),
    enabled: body !== "null",
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h5">
          {t("launch.where")}
        </Title>
        <TextInput
          label={t("launch.limit")}
          description={t("launch.limit-help")}
          placeholder="web:&eu:!web3"
          styles={MONOSPACE}
          spellCheck={false}
          value={draft.limit}
          onChange={(event) => change({ limit: event.currentTarget.value })}
        />
        <TagsInput
          label={t("hosts.label")}
          placeholder={draft.labels.length > 0 ? "" : "env=prod"}
          splitChars={[";"]}
          value={draft.labels}
          onChange={(labels) => change({ labels })}
        />
        <div aria-live="polite">
          {body === "null" && (
            <Text size="sm" c="dimmed">
              {t("launch.preview-later")}
            </Text>
          )}
          {body !== "null" && error && <Problem error={error} />}
          {body !== "null" && !error && data && <Waves preview={data} />}
        </div>
      </Stack>
    </Card>
  );
}

function Waves({ preview }: { preview: Preview }) {
  const t = useText();
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {t("launch.hosts", { count: preview.hosts_total })}
      </Text>
      <ScrollArea.Autosize mah={320}>
        <Stack gap="xs">
          {preview.waves.map((wave) => (
            <div key={wave.number}>
              {preview.waves.length > 1 && (
                <Text size="xs" c="dimmed">
                  {t("run.wave", { number: wave.number })} · {wave.hosts.length}
                </Text>
              )}
              <Group gap={4}>
                {wave.hosts.slice(0, SHOWN_PER_WAVE).map((host) => (
                  <Badge key={host} variant="default" radius="sm" tt="none" fw={500}>
                    {host}
                  </Badge>
                ))}
                {wave.hosts.length > SHOWN_PER_WAVE && (
                  <Text size="xs">
                    {t("launch.more", { count: wave.hosts.length - SHOWN_PER_WAVE })}
                  </Text>
                )}
              </Group>
            </div>
          ))}
        </Stack>
      </ScrollArea.Autosize>
      {preview.objections.map((objection) => (
        <Alert key={`${objection.host}${objection.code}`} color="yellow" py={6}>
          <Text size="sm">
            <b>{objection.host}</b>: {objection.reason}
          </Text>
        </Alert>
      ))}
    </Stack>
  );
}
