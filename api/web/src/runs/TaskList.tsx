// SPDX-License-Identifier: GPL-3.0-or-later
// Which tasks did one host go through? A list, with the time that each took.
import { Text } from "@mantine/core";
import { Fragment } from "react";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { tellSeconds } from "../shell/times";
import classes from "./Run.module.css";
import type { TaskStep } from "./task-steps";
import { SIGNS } from "./tasks";

interface TaskListProps {
  tasks: readonly TaskStep[];
  onChoose: (task: TaskStep) => void;
}

export function TaskList({ tasks, onChoose }: TaskListProps) {
  const t = useText();
  return (
    <div className={classes.tasks}>
      {tasks.map((task, index) => (
        <Fragment key={task.key}>
          {task.play !== tasks[index - 1]?.play && (
            <div className={classes.play}>{t("tasks.play", { name: task.play })}</div>
          )}
          <button type="button" className={classes.item} onClick={() => onChoose(task)}>
            <span
              className={classes.cell}
              style={{ position: "static", flex: "none" }}
              data-state={task.state}
              role="img"
              aria-label={t(`task.${task.state}` as Key)}
            >
              {SIGNS[task.state]}
            </span>
            <span className={classes.name}>{task.name}</span>
            <Text component="span" size="xs" c="dimmed" className="tabular">
              {task.seconds === null ? "" : tellSeconds(task.seconds)}
            </Text>
          </button>
        </Fragment>
      ))}
    </div>
  );
}
