"""What a template may name: plain values, formatted for one locale.

Templates hold no logic, so whatever a page says is decided here, once, and every text is ready to
be shown. Money and dates are already formatted; `*_url` are absolute addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

from widget.covers import BenefitView, DocumentView


@dataclass(frozen=True, slots=True)
class PlanView:
    """One answer that costs something: a plan and its premium."""

    #: What the form says when it is chosen.
    value: str
    #: Unique in the page.
    id: str
    name: str
    summary: str
    #: Empty where only the plan is described.
    premium: str
    #: Where the plans of a question run for different times; otherwise it stands in the question.
    period: str
    benefits: tuple[BenefitView, ...]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question and its answers."""

    #: Of the form field.
    name: str
    #: What and who is protected, and when: "2 adults and 1 child, 12 to 19 June 2027".
    insured: str
    plans: tuple[PlanView, ...]
    is_declined: bool


@dataclass(frozen=True, slots=True)
class KindView:
    """What is asked about the things of one product."""

    name: str
    #: The parts of the cover that all its plans have.
    benefits: tuple[BenefitView, ...]
    #: Each plan with what only it protects, said once for all things.
    plans: tuple[PlanView, ...]
    questions: tuple[QuestionView, ...]


@dataclass(frozen=True, slots=True)
class TermsView:
    """What must be in view of one product."""

    #: Of the product; empty where there is only one.
    name: str
    #: Short sentences on what is not covered.
    exclusions: tuple[str, ...]
    #: Sentences that hold for it and not for the others.
    disclosures: tuple[str, ...]
    documents: tuple[DocumentView, ...]


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as the shopper sees it; the same value serves every state's template."""

    #: `open`, `opted_in`, `opted_out`, `deferred`, `expired`, `pending`, `confirmed`, `cancelled`
    #: or `failed`: also the template's name.
    state: str
    offer_id: str
    is_test: bool
    #: `one` question, or a `cart` of them: also the template's name.
    layout: str
    heading: str
    #: What and who is protected, and when; of a cart, how many things.
    insured: str
    #: What costs less together, and how much; empty when nothing does.
    bundle: str
    questions: tuple[QuestionView, ...]
    kinds: tuple[KindView, ...]
    #: Sentences that the law or the underwriter wants in view, tax and withdrawal among them.
    disclosures: tuple[str, ...]
    #: The rest that must be in view, product by product.
    terms: tuple[TermsView, ...]
    #: One sentence for the state: what was stored, or why there is nothing to choose.
    status: str
    #: Shows the offer again; a page asks for it when the premiums run out.
    offer_url: str
    choice_url: str
    renew_url: str
    #: Where a plain form post leads back to; empty inside the frame.
    return_to: str
    #: The signed quote token; empty until a choice is made.
    quote_token: str
    #: The chosen premium as a JSON number and its currency, for the page's own total; "" and "".
    premium_amount: str
    premium_currency: str
    premium: str
    #: What was chosen; of a cart, for how many things.
    plan_name: str
    #: Seconds until the premiums run out, 0 once they have; filled in with each answer.
    expires_in_s: str
    #: When cover whose sale is deferred can be bought; empty when it can be at once.
    for_sale_from: str
    #: One policy number for each policy of a confirmed offer.
    policy_numbers: tuple[str, ...]
