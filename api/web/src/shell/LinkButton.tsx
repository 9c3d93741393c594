// SPDX-License-Identifier: GPL-3.0-or-later
// What does a way to another page look like where it is the thing to do? A button that is a link.
import { Button, type ButtonProps } from "@mantine/core";
import { Link } from "react-router";

interface LinkButtonProps extends ButtonProps {
  to: string;
  children: React.ReactNode;
}

export function LinkButton({ to, children, ...rest }: LinkButtonProps) {
  return (
    <Button component={Link} to={to} {...rest}>
      {children}
    </Button>
  );
}
