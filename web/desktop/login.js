// @ts-check
import { html, Component } from "./html.js";
import { t } from "./words.js";

/** Asks for user and password. Props: title, text (why it is asked again), login(user, password) which says what went wrong. */
export class Login extends Component {
  /** @param {Event} e */
  async submit(e) {
    e.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (e.target));
    this.setState({ busy: true, error: "" });
    const error = await this.props.login(String(form.get("user")), String(form.get("password")));
    this.setState({ busy: false, error });
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    return html`<main class="login"><form onSubmit=${(/** @type {Event} */ e) => this.submit(e)}>
      <div><h1>ctid</h1><p class="dim">${p.title}</p></div>
      ${p.text ? html`<p class="hint">${p.text}</p>` : null}
      <label>${t("login.user")} <input name="user" autocomplete="username" required autofocus spellcheck=${false} /></label>
      <label>${t("login.password")} <input name="password" type="password" autocomplete="current-password" required /></label>
      ${s.error ? html`<p class="error" role="alert">${s.error}</p>` : null}
      <button class="main" disabled=${s.busy}>${t(s.busy ? "login.busy" : "login.go")}</button>
    </form></main>`;
  }
}
