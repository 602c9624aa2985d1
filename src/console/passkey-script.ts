/**
 * The script of pages with a form that takes a passkey: it asks the server for a challenge, the device to sign it, and
 * sends the form with the answer. A form without an answer is refused.
 */
export const passkeyScript = `"use strict";
(() => {
  const FAILED = "The passkey was not used: it was cancelled, or this device has none that fits. Try again.";

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

  function text(buffer) {
    const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function ask(form) {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.passkey, { method: "POST", body, cache: "no-store" });
    if (answer.headers.get("content-type")?.startsWith("application/json")) return await answer.json();
    throw new Error(answer.status === 401 ? "Your session is over: reload this page." : await answer.text());
  }

  async function sign(options) {
    const challenge = bytes(options.challenge);
    if (options.user === undefined) {
      const publicKey = { ...options, challenge, allowCredentials: known(options.allowCredentials) };
      return await navigator.credentials.get({ publicKey });
    }
    const user = { ...options.user, id: bytes(options.user.id) };
    const publicKey = { ...options, challenge, user, excludeCredentials: known(options.excludeCredentials) };
    return await navigator.credentials.create({ publicKey });
  }

  function answerOf({ id, rawId, type, response }) {
    const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const found = names.filter((name) => response[name]).map((name) => [name, text(response[name])]);
    const transports = response.getTransports?.();
    return JSON.stringify({ id, rawId: text(rawId), type, response: { ...Object.fromEntries(found), transports } });
  }

  function problemOf(error) {
    if (error.name === "InvalidStateError") return "This device has a passkey of yours already.";
    return error instanceof DOMException ? FAILED : error.message;
  }

  async function use(form) {
    const problem = form.querySelector(".passkey-problem");
    const main = document.getElementById("main");
    const wasLive = main.dataset.live;
    form.dataset.asking = "yes";
    problem.hidden = true;
    // The form must still stand there when the device has answered.
    main.dataset.live = "off";
    try {
      if (!window.PublicKeyCredential) throw new Error("This browser knows no passkeys.");
      form.elements.passkey.value = answerOf(await sign(await ask(form)));
      form.submit();
    } catch (error) {
      problem.textContent = problemOf(error);
      problem.hidden = false;
      main.dataset.live = wasLive;
    } finally {
      delete form.dataset.asking;
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.passkey === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (form.dataset.asking === undefined) use(form);
  }, true);
})();
`;
