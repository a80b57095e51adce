// Inside the frame: tells the page around it how the offer stands. The offer works without it.

const MAX_DELAY_MS = 2 ** 31 - 1 // a longer timer would go off at once

const parents = document.body.dataset.parents.split(' ')
const announcement = document.getElementById('announcement')
const offer = () => document.getElementById('offer')

let port = null
let expiry = 0
let told = ''

// With htmx an answer is stored as it is given, so the button that stores it can go.
if (window.htmx) {
  document.documentElement.dataset.enhanced = ''
  document.addEventListener('change', tellSaving)
}

function tell(message) {
  // Focus and hover swap nothing, and a page should hear of each change once.
  if (JSON.stringify(message) === told) return
  told = JSON.stringify(message)
  port?.postMessage(message)
}

function tellState() {
  const {state, offerId, token, amount, currency, premium, plan, expiresInS, prompt, reason} = offer().dataset
  const message = {
    kind: 'state',
    state,
    reason,
    prompt,
    offer_id: offerId,
    token: token || null,
    premium: amount ? {amount, currency, formatted: premium} : null,
    plan: plan || null,
    expires_in_s: Number(expiresInS ?? 0)
  }
  tell(message)
  waitForExpiry(message)
}

function tellSaving() {
  // From this moment the old answer counts no more, and the page must not send it.
  tell({kind: 'state', state: 'saving', prompt: announcement.dataset.saving})
}

function tellHeight() {
  const {height} = document.getElementById('offer-frame').getBoundingClientRect()
  port?.postMessage({kind: 'height', height_px: Math.ceil(height)})
}

function waitForExpiry({state, expires_in_s}) {
  clearTimeout(expiry)
  if (!['open', 'opted_in', 'opted_out'].includes(state)) return
  const ms = Math.min(expires_in_s * 1000, MAX_DELAY_MS)
  expiry = setTimeout(() => offer().dispatchEvent(new Event('refresh')), ms)
}

function announce(text) {
  // The same words again are not news to a screen reader, unless they were away.
  announcement.textContent = ''
  requestAnimationFrame(() => { announcement.textContent = text })
}

function showFailure() {
  // Back to the stored answer: what is shown as chosen is what counts.
  offer().querySelector('form')?.reset()
  tellState()
  const line = offer().querySelector('.offer__status')
  if (line) line.textContent = announcement.dataset.failed
  announce(announcement.dataset.failed)
}

function reset() {
  for (const radio of offer().querySelectorAll('[type=radio]')) radio.checked = false
  const button = offer().querySelector('[name=choice][value=open]')
  if (!button) return
  tellSaving()
  button.form.requestSubmit(button)
}

document.addEventListener('htmx:after:swap', () => {
  tellState()
  announce(offer().querySelector('.offer__status')?.textContent ?? '')
})
document.addEventListener('htmx:response:error', showFailure)
document.addEventListener('htmx:error', showFailure)

addEventListener('message', event => {
  // Only the page that frames us, and only if the server knows its origin, gets the private line.
  if (port || event.source !== parent || !parents.includes(event.origin)) return
  if (event.data?.kind !== 'port' || !event.ports.length) return
  port = event.ports[0]
  port.onmessage = ({data}) => { if (data?.kind === 'reset') reset() }
  told = ''
  tellHeight()
  tellState()
})

new ResizeObserver(tellHeight).observe(document.getElementById('offer-frame'))

// The greeting says nothing, so anybody may hear it.
if (parent !== window) parent.postMessage({kind: 'hello', v: 1}, '*')
