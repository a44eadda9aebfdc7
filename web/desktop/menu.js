// @ts-check
import { html, Component } from "./html.js";

/**
 * A button that opens a list of choices, each a button. Nothing is chosen by walking over it with the keyboard, as a
 * select would do.
 * Props: id, op, label, items [{code, label}], off, busy, small, choose(code); without choose the choices hand in the form around them.
 */
export class Menu extends Component {
  /** @param {FocusEvent} e */
  left(e) {
    const box = /** @type {HTMLElement} */ (e.currentTarget);
    if (!box.contains(/** @type {?Node} */ (e.relatedTarget))) this.setState({ open: false });
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    const close = () => this.setState({ open: false });
    return html`<div class="menu" onFocusOut=${(/** @type {FocusEvent} */ e) => this.left(e)}
        onKeyDown=${(/** @type {KeyboardEvent} */ e) => { if (e.key === "Escape") close(); }}>
      <button type="button" id=${p.id} class=${p.small ? "small" : null} data-op=${p.op} aria-expanded=${s.open ? "true" : "false"} aria-busy=${p.busy ? "true" : null} disabled=${p.off}
        onClick=${() => this.setState({ open: !s.open })}>${p.label} <span aria-hidden="true">▾</span></button>
      ${s.open && !p.off ? html`<div class="items" role="group" aria-label=${p.label}>${p.items.map((/** @type {any} */ i) => html`
        <button type=${p.choose ? "button" : "submit"} name="then" value=${i.code}
          onClick=${() => { if (p.choose) { p.choose(i.code); close(); } }}>${i.label || i.code}</button>`)}</div>` : null}
    </div>`;
  }
}
