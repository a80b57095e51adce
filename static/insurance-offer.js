// The one file that a partner's page includes: it frames the offer and keeps the signed choice as a
// form value. The form around it works without.

const SERVICE = new URL(import.meta.url).origin
const HANDSHAKE_MS = 8_000 // then the checkout goes on without us

// A constructed sheet needs no `unsafe-inline` in the page's policy.
const sheet = new CSSStyleSheet()
sheet.replaceSync(':host{display:block}iframe{display:block;width:100%;max-height:20000px;border:0}[hidden]{display:none}')

class InsuranceOffer extends HTMLElement {
  static formAssociated = true
  static observedAttributes = ['partner', 'purchase', 'locale', 'required']

  #internals = this.attachInternals()
  #root = this.attachShadow({mode: 'open', delegatesFocus: true})
  #state = {state: 'loading'}
  #frame
  #port
  #timer
  #told // the token that the page has heard of

  get state() { return this.#state }
  get value() { return this.#state.token ?? '' }
  get form() { return this.#internals.form }
  get name() { return this.getAttribute('name') }
  get validity() { return this.#internals.validity }
  get validationMessage() { return this.#internals.validationMessage }
  checkValidity() { return this.#internals.checkValidity() }
  reportValidity() { return this.#internals.reportValidity() }

  connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet]
    addEventListener('message', this.#onHello)
    this.#show()
  }

  disconnectedCallback() {
    removeEventListener('message', this.#onHello)
    this.#close()
  }

  attributeChangedCallback(name, before, after) {
    // An upgrade reports each attribute before it connects: only then a change counts.
    if (name === 'required') this.#validate()
    else if (this.isConnected && this.#frame && before !== after) this.#show()
  }

  formResetCallback() {
    this.#port?.postMessage({kind: 'reset'})
  }

  #show() {
    this.#close()
    const address = new URL('/open/' + this.getAttribute('partner'), SERVICE)
    for (const name of ['purchase', 'locale']) {
      if (this.hasAttribute(name)) address.searchParams.set(name, this.getAttribute(name))
    }
    const frame = this.#frame = document.createElement('iframe')
    frame.src = address
    frame.title = this.title || 'Insurance offer'
    frame.referrerPolicy = 'origin'
    frame.sandbox = 'allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox'
    frame.height = this.clientHeight
    this.#root.replaceChildren(frame)
    this.#become({state: 'loading'})
    // `load` fires for a blocked frame or a dead host too: only a handshake tells.
    this.#giveUpAfter(HANDSHAKE_MS)
  }

  #giveUpAfter(ms) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#close()
      this.#become({state: 'unavailable', reason: 'timeout'})
    }, ms)
  }

  #close() {
    clearTimeout(this.#timer)
    this.#port?.close()
    this.#port = null
  }

  #onHello = event => {
    // Only our own frame, from our own origin, is heard; then it gets a private line.
    if (event.origin !== SERVICE || event.source !== this.#frame?.contentWindow) return
    if (event.data?.kind !== 'hello') return
    this.#close()
    const {port1, port2} = new MessageChannel()
    this.#port = port1
    port1.onmessage = ({data}) => {
      if (data.kind === 'state') this.#become(data)
      else this.#frame.height = data.height_px
    }
    event.source.postMessage({kind: 'port'}, SERVICE, [port2])
  }

  #become(now) {
    const before = this.#state
    this.#state = now
    // The frame itself gives up a request after 8 seconds; who is silent for longer is gone.
    if (now.state === 'saving') this.#giveUpAfter(2 * HANDSHAKE_MS)
    else if (now.state !== 'loading') clearTimeout(this.#timer)
    this.#internals.setFormValue(now.token || null)
    // Who never spoke has nothing to show but the browser's own error page.
    this.#frame.hidden = !this.#port && now.state !== 'loading'
    this.#validate()
    if (before.state !== now.state) {
      if (/loading|unavailable/.test(before.state) && now.state !== 'unavailable') this.#announce('ready')
      if (/expired|unavailable/.test(now.state)) this.#announce(now.state)
    }
    if (now.state !== 'saving' && this.#told != now.token) {
      this.#told = now.token
      this.dispatchEvent(new Event('change', {bubbles: true}))
    }
  }

  #validate() {
    // Nobody is trapped: an answer is missed only while one can be given, or is on its way.
    const {state, prompt} = this.#state
    const missing = state === 'saving' || this.hasAttribute('required') && /open|expired/.test(state)
    this.#internals.setValidity({valueMissing: missing}, missing ? prompt : '', this.#frame)
  }

  #announce(name) {
    this.dispatchEvent(new CustomEvent(`offer-${name}`, {bubbles: true, composed: true, detail: this.#state}))
  }
}

// A page may load us twice (template, tag manager): the first one stays.
customElements.get('insurance-offer') ?? customElements.define('insurance-offer', InsuranceOffer)
