"use strict";
{
  const bytes = (text) => {
    const plain = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(plain), (c) => c.charCodeAt(0));
  };
  const text = (buffer) =>
    buffer &&
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const here = location.pathname.replace(/\/$/, "");
  const ask = async (what, body) => {
    const answer = await fetch(`${here}/${what}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const create = async ({ publicKey }) => {
    publicKey.challenge = bytes(publicKey.challenge);
    publicKey.user.id = bytes(publicKey.user.id);
    publicKey.excludeCredentials = named(publicKey.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey });
    return {
      id: made.id, rawId: text(made.rawId), type: made.type, extensions: {},
      response: {
        attestationObject: text(made.response.attestationObject),
        clientDataJSON: text(made.response.clientDataJSON),
      },
    };
  };
  const get = async ({ publicKey }) => {
    publicKey.challenge = bytes(publicKey.challenge);
    publicKey.allowCredentials = named(publicKey.allowCredentials);
    const got = await navigator.credentials.get({ publicKey });
    return {
      id: got.id, rawId: text(got.rawId), type: got.type, extensions: {},
      response: {
        authenticatorData: text(got.response.authenticatorData),
        clientDataJSON: text(got.response.clientDataJSON),
        signature: text(got.response.signature),
        userHandle: text(got.response.userHandle),
      },
    };
  };
  const [button, said] = [document.getElementById("go"), document.getElementById("said")];
  const deny = document.querySelector("form[data-deny]");
  if (deny) deny.action = `${here}/deny`;
  button.addEventListener("click", async () => {
    button.disabled = true;
    said.textContent = "";
    try {
      const options = await ask("begin");
      const credential = await (button.dataset.does === "create" ? create : get)(options);
      said.textContent = (await ask("finish", credential)).said;
      button.hidden = true;
      if (deny) deny.hidden = true;
    } catch (problem) {
      const given = problem.name === "NotAllowedError" ? "That was not done. Try again." : problem.message;
      said.textContent = given || "That did not work. Try again.";
      button.disabled = false;
    }
  });
}
