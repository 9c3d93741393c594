// SPDX-License-Identifier: GPL-3.0-or-later
// How is a secret handed over that is shown this once? To be copied, before anything else.
import { Alert, Button, Code, CopyButton, Group, Modal, Stack } from "@mantine/core";
import { useText } from "../i18n/language";

interface SecretDialogProps {
  title: string;
  /** What is to be known beside it. */
  words: React.ReactNode;
  secret: string;
  onClose: () => void;
}

export function SecretDialog({ title, words, secret, onClose }: SecretDialogProps) {
  const t = useText();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Stack>
        <Alert color="green" role="status">
          {words}
        </Alert>
        <Code block style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
          {secret}
        </Code>
        <Group justify="flex-end">
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {t(copied ? "common.copied" : "common.copy")}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>{t("common.close")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
