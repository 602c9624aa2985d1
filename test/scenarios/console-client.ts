/** The console as a browser without JavaScript sees it: pages, links, and forms that are really there. */
export interface Page {
  readonly status: number;
  readonly path: string;
  /** What a person reads, without markup. */
  readonly text: string;
  readonly forms: readonly Form[];
}

export interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  /** What stands on its button. */
  readonly button: string;
}

export type ConsoleClient = Awaited<ReturnType<typeof createConsoleClient>>;

/** Signs in by a one-time link and its button, and keeps the cookie. */
export async function createConsoleClient(url: string, link: string) {
  let cookie = "";

  async function request(path: string, body?: URLSearchParams): Promise<Page> {
    const response = await fetch(new URL(path, url), {
      method: body === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: {
        cookie,
        ...(body === undefined ? {} : { origin: url, "sec-fetch-site": "same-origin" }),
      },
      ...(body === undefined ? {} : { body }),
    });
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    const to = response.headers.get("location");
    if (to !== null) return await request(to);
    const html = await response.text();
    return { status: response.status, path, text: textOf(html), forms: formsOf(html) };
  }

  const open = (path: string) => request(path);

  /** Sends a form as its button does, hidden fields and all. */
  function send(form: Form, filled: Readonly<Record<string, string>> = {}): Promise<Page> {
    return request(form.action, new URLSearchParams({ ...form.fields, ...filled }));
  }

  /** Presses a button of a page by its label. */
  async function press(
    path: string,
    label: string,
    filled: Readonly<Record<string, string>> = {},
  ): Promise<Page> {
    const page = await open(path);
    return await send(formWith(page, label), filled);
  }

  const signInPage = await open(link);
  await send(formWith(signInPage, "Sign in"));

  return {
    open,
    send,
    press,
    cookie: () => cookie,
    approve: (incident: string) => press(`/incidents/${incident}`, "Approve"),
    reject: (incident: string, reason = "") =>
      press(`/incidents/${incident}`, "Reject", { reason }),
    /** For high risk: the plan code and the reason, typed. */
    approveTyped: (incident: string, code: string, reason: string) =>
      press(`/incidents/${incident}`, "Approve this high-risk action", {
        typed_code: code,
        reason,
      }),
    markReviewed: (incident: string) => press(`/incidents/${incident}`, "Mark as looked at"),
    /** Types into the command box; the page has the answer and its buttons. */
    command: (text: string) => press("/command", "Send", { text }),
    async enableAutohealing(): Promise<Page> {
      const offer = await press("/command", "Send", { text: "/enable_autohealing" });
      return await send(formWith(offer, "Turn auto-healing on"));
    },
  };
}

export function formWith(page: Page, label: string): Form {
  const form = page.forms.find(({ button }) => button === label);
  if (form !== undefined) return form;
  const there = page.forms.map(({ button }) => button).join(", ");
  throw new Error(`no button "${label}" on ${page.path} (${page.status}); there are: ${there}`);
}

function formsOf(html: string): Form[] {
  return [...html.matchAll(/<form\b(?<open>[^>]*)>(?<content>[\s\S]*?)<\/form>/g)].map((form) => {
    const { open = "", content = "" } = form.groups ?? {};
    const inputs = [...content.matchAll(/<(?:input|textarea)\b(?<tag>[^>]*)>/g)];
    const fields = inputs.map(({ groups }) => [
      attribute(groups?.tag ?? "", "name"),
      attribute(groups?.tag ?? "", "value"),
    ]);
    const [, button = ""] = /<button\b[^>]*>([\s\S]*?)<\/button>/.exec(content) ?? [];
    return {
      action: attribute(open, "action"),
      fields: Object.fromEntries(fields),
      button: textOf(button),
    };
  });
}

function attribute(tag: string, name: string): string {
  return decode(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
}

function textOf(html: string): string {
  const text = html.replaceAll(/<(?:head|script|style)\b[\s\S]*?<\/(?:head|script|style)>/g, "");
  return decode(text.replaceAll(/<\/?(?:bdi|span|b|mark)\b[^>]*>/g, "").replaceAll(/<[^>]+>/g, " "))
    .replaceAll(/\s+/g, " ")
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

function decode(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
}
