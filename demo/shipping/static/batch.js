// batch.js: what is nicer with JavaScript. Every page of the platform works without it.

const UNAVAILABLE_AFTER_MS = 10_000 // a loader that has not come by then is not coming

// The review: the price follows the insurance choice.

const offer = document.querySelector('insurance-offer')

function showPrice({premium, token}) {
  const total = document.getElementById('bill-total')
  const money = new Intl.NumberFormat('en', {style: 'currency', currency: total.dataset.currency})
  // Amounts are decimal text, so that nobody rounds on the way: "54.30" is 5430 cents.
  const cents = premium ? Number(premium.amount.replace('.', '')) : 0
  // A premium is a yes, a token without one is a no, and without a token nothing is chosen.
  const answer = token ? 'No, thanks' : 'Not chosen yet'
  document.getElementById('bill-insurance').textContent = premium ? money.format(cents / 100) : answer
  total.textContent = money.format((Number(total.dataset.labelsCents) + cents) / 100)
}

function showOffer() {
  offer.hidden = false
  showPrice(offer.state)
}

function goOnWithoutOffer() {
  offer.hidden = true
  document.getElementById('offer-note').textContent =
    'Insurance cannot be offered right now. You can buy your labels without it.'
  document.getElementById('bill-insurance').textContent = 'Not available'
}

if (offer) {
  offer.addEventListener('change', () => showPrice(offer.state))
  offer.addEventListener('offer-expired', () => showPrice(offer.state))
  offer.addEventListener('offer-ready', showOffer)
  offer.addEventListener('offer-unavailable', goOnWithoutOffer)

  // No element, no event: when the loader itself cannot be fetched, the platform has to notice.
  const waiting = setTimeout(goOnWithoutOffer, UNAVAILABLE_AFTER_MS)
  customElements.whenDefined(offer.localName).then(() => clearTimeout(waiting))
  document.querySelector('[data-insurance-loader]').addEventListener('error', goOnWithoutOffer)
}

// The labels: while the insurance is being confirmed, the page looks again by itself.

const again = document.querySelector('[data-reload-after-s]')
if (again) setTimeout(() => location.reload(), again.dataset.reloadAfterS * 1_000)
