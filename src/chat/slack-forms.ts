import { randomBytes } from "node:crypto";

/** What an open form is about. Only its token goes out with the form. */
export interface OpenForm {
  /** Of the button that was pressed. */
  readonly data: string;
  readonly messageId: string;
  /** The account it was opened for; nobody else can send it. */
  readonly account: string;
}

const OPEN_FOR_MS = 30 * 60_000;
const MOST = 500;

/** The forms that people have open. Kept in memory: after a restart a press opens the form anew. */
export function createForms(now: () => Date) {
  const forms = new Map<string, OpenForm & { readonly until: number }>();

  return {
    keep(form: OpenForm): string {
      const token = randomBytes(16).toString("base64url");
      forms.set(token, { ...form, until: now().getTime() + OPEN_FOR_MS });
      const [oldest] = forms.keys();
      if (forms.size > MOST && oldest !== undefined) forms.delete(oldest);
      return token;
    },
    /** It stays open: what was typed may have to be mended. */
    find(token: string, account: string): OpenForm | null {
      const form = forms.get(token);
      if (form === undefined || form.account !== account) return null;
      return now().getTime() < form.until ? form : null;
    },
    done: (token: string) => void forms.delete(token),
  };
}

export type Forms = ReturnType<typeof createForms>;
