// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with a run? Cancel it, let it pause and go on, try what failed again.
import { Button, Group, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, send } from "../api/client";
import { END_STATES, type Run } from "../api/types";
import { useText } from "../i18n/language";
import { useVisitor } from "../session/session";

export function RunActions({ run }: { run: Run }) {
  const t = useText();
  const { may } = useVisitor();
  const navigate = useNavigate();
  const [isAsking, { open, close }] = useDisclosure();
  const [isBusy, setBusy] = useState(false);
  const isEnded = END_STATES.has(run.status);
  const mayRetry = run.counts ? hasRetryable(run) : true;

  async function act(verb: "cancel" | "pause" | "resume" | "retry") {
    setBusy(true);
    try {
      const answered = await send<Run>("POST", `/runs/${run.id}/${verb}`);
      if (verb === "retry") navigate(`/runs/${answered.id}`);
    } catch (error) {
      const message = error instanceof ApiError ? error.message : t("error.unreachable");
      notifications.show({ color: "red", title: t("error.refused"), message });
    } finally {
      setBusy(false);
      close();
    }
  }

  // What was started elsewhere is ended there.
  if (!may("operator") || run.kind === "reported") return null;
  return (
    <>
      {!isEnded && !run.paused_at && run.hosts_total > 1 && (
        <Button variant="default" loading={isBusy} onClick={() => void act("pause")}>
          {t("run.pause")}
        </Button>
      )}
      {!isEnded && run.paused_at && (
        <Button loading={isBusy} onClick={() => void act("resume")}>
          {t("run.resume")}
        </Button>
      )}
      {!isEnded && (
        <Button color="red" variant="light" onClick={open}>
          {t("run.cancel")}
        </Button>
      )}
      {isEnded && mayRetry && (
        <Button loading={isBusy} onClick={() => void act("retry")}>
          {t("run.retry")}
        </Button>
      )}
      <Modal
        opened={isAsking}
        onClose={close}
        title={t("run.cancel-title", { id: run.id })}
        centered
      >
        <Text size="sm">{t("run.cancel-help")}</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close}>
            {t("run.cancel-not")}
          </Button>
          <Button color="red" loading={isBusy} onClick={() => void act("cancel")}>
            {t("run.cancel")}
          </Button>
        </Group>
      </Modal>
    </>
  );
}

/** Whether some host did not succeed: else there is nothing to try again. */
function hasRetryable(run: Run): boolean {
  return (run.counts.successful ?? 0) < run.hosts_total;
}
