// SPDX-License-Identifier: GPL-3.0-or-later
// What has every form that opens over a page? Its fields, what was refused and why, and two buttons.
import { Button, Group, Modal, type ModalProps, Stack } from "@mantine/core";
import { useState } from "react";
import { useText } from "../i18n/language";
import { Problem } from "./Page";

interface FormDialogProps {
  title: string;
  /** What the button says that sends it; the title where left out. */
  label?: string;
  size?: ModalProps["size"];
  onClose: () => void;
  /** Sends what was filled in; what it throws is shown above the buttons. */
  submit: () => Promise<unknown>;
  children: React.ReactNode;
}

export function FormDialog({ title, label, size, onClose, submit, children }: FormDialogProps) {
  const t = useText();
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function send(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await submit();
    } catch (caught) {
      setError(caught as Error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      {...(size ? { size } : {})}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={send}>
        <Stack>
          {children}
          {error && <Problem error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common.back")}
            </Button>
            <Button type="submit" loading={isBusy}>
              {label ?? title}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
