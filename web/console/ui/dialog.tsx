/// Dialogs: over the page, closed by Escape or by what they ask.
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { Button } from "./controls.tsx";
import { CloseIcon } from "./icons.tsx";
import { useWords } from "./words.ts";

export interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /// For what can't be undone.
  isAlert?: boolean;
  className?: string;
}

export function Dialog({ title, isOpen, onClose, children, isAlert = false, className = "" }: DialogProps) {
  const words = useWords();
  return (
    <ModalOverlay
      className="overlay"
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={!isAlert}
    >
      <Modal className={`modal ${className}`}>
        <AriaDialog className="dialog" role={isAlert ? "alertdialog" : "dialog"}>
          <header>
            <Heading slot="title">{title}</Heading>
            <Button kind="quiet" className="icon-button" aria-label={words.close} onPress={onClose}>
              <CloseIcon />
            </Button>
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
