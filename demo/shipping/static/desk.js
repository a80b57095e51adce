// desk.js: the sum of what is selected. The table works without it.

const form = document.querySelector('form[data-currency]')
const all = document.getElementById('all')
const picks = [...form.querySelectorAll('input[name=parcel]')]
const money = new Intl.NumberFormat('en', {style: 'currency', currency: form.dataset.currency})

function showSum() {
  const chosen = picks.filter(pick => pick.checked)
  const cents = chosen.reduce((sum, pick) => sum + Number(pick.dataset.labelCents), 0)
  document.getElementById('picked').textContent = chosen.length === 1 ? '1 parcel' : `${chosen.length} parcels`
  document.getElementById('labels-total').textContent = money.format(cents / 100)
  all.checked = chosen.length === picks.length
  all.indeterminate = chosen.length > 0 && !all.checked
}

all.hidden = false
all.addEventListener('change', () => {
  for (const pick of picks) pick.checked = all.checked
})
form.addEventListener('change', showSum)
// A browser that comes back to the page may remember what was selected.
showSum()
