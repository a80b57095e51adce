// market.js: what is nicer with JavaScript. Every page of the shop works without it.

const UNAVAILABLE_AFTER_MS = 10_000 // a loader that has not come by then is not coming

// The checkout: the price follows the answers, thing by thing.

const offer = document.querySelector('insurance-offer')
const insurance = document.getElementById('bill-insurance')
const total = document.getElementById('bill-total')

function money(cents) {
  const {currency} = total.dataset
  return new Intl.NumberFormat(document.documentElement.lang, {style: 'currency', currency}).format(cents / 100)
}

function showPrice({premium, token}) {
  // Amounts are decimal text, so that nobody rounds on the way: "54.30" is 5430 cents.
  const cents = premium ? Number(premium.amount.replace('.', '')) : 0
  // A premium is a yes, a token without one is a no, and without a token nothing is chosen.
  const answer = token ? insurance.dataset.no : insurance.dataset.open
  insurance.textContent = premium ? money(cents) : answer
  total.textContent = money(Number(total.dataset.goodsCents) + cents)
}

function showOffer() {
  offer.hidden = false
  showPrice(offer.state)
}

function goOnWithoutOffer() {
  offer.hidden = true
  const note = document.getElementById('offer-note')
  note.textContent = note.dataset.gone
  insurance.textContent = insurance.dataset.gone
}

if (offer) {
  offer.addEventListener('change', () => showPrice(offer.state))
  offer.addEventListener('offer-expired', () => showPrice(offer.state))
  offer.addEventListener('offer-ready', showOffer)
  offer.addEventListener('offer-unavailable', goOnWithoutOffer)

  // No element, no event: when the loader itself cannot be fetched, the shop has to notice.
  const waiting = setTimeout(goOnWithoutOffer, UNAVAILABLE_AFTER_MS)
  customElements.whenDefined(offer.localName).then(() => clearTimeout(waiting))
  document.querySelector('[data-insurance-loader]').addEventListener('error', goOnWithoutOffer)
}

// The order: while the insurance is being confirmed, the page looks again by itself.

const again = document.querySelector('[data-reload-after-s]')
if (again) setTimeout(() => location.reload(), again.dataset.reloadAfterS * 1_000)
