"""Who lives in a simulation follows from the seed alone, and nobody's choices from anybody else's."""

from __future__ import annotations

from datetime import timedelta

from simulation.people import ADDONS, BASE, Person, population, top_up_of


def facts(person: Person) -> tuple[object, ...]:
    return person.phone_number, person.operator, person.plan_type, person.joins_after, person.chance.random()


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    first, again, other = population(50, 90, 1), population(50, 90, 1), population(50, 90, 2)
    assert [facts(each) for each in first] == [facts(each) for each in again]
    assert [each.joins_after for each in first] != [each.joins_after for each in other]


def test_more_people_change_nothing_for_those_who_were_there() -> None:
    few, many = population(10, 90, 1), population(20, 90, 1)
    assert [facts(each) for each in few] == [facts(each) for each in many[:10]]


def test_everybody_joins_in_time_and_has_a_plan_to_buy() -> None:
    for person in population(200, 90, 1):
        assert timedelta() <= person.joins_after <= timedelta(days=60)
        assert BASE[person.operator, person.plan_type]
    assert all(offer.days > 0 for offers in BASE.values() for offer in offers)
    assert {offer.plan.plan_type for offers in ADDONS.values() for offer in offers} == {"prepaid"}


def test_a_top_up_is_of_an_amount_that_the_sample_plan_is_sold_for() -> None:
    person = population(1, 90, 1)[0]
    offers = [top_up_of(person) for _ in range(50)]
    assert {offer.plan.operator for offer in offers} == {person.operator}
    assert all(offer.plan.is_any_amount and 10 <= offer.plan.rupees <= 2_000 for offer in offers)
    assert len({offer.plan.rupees for offer in offers}) > 3


def test_no_two_people_share_a_number_and_no_key_comes_twice() -> None:
    people = population(300, 90, 1)
    assert len({each.phone_number for each in people}) == len(people)
    assert people[0].key("topup") != people[0].key("topup")


def test_who_uses_the_device_of_somebody_who_uses_another_ones_signs_in_from_there() -> None:
    host, friend, guest = population(3, 90, 1)
    friend.use_device_of(host)
    guest.use_device_of(friend)
    assert (guest.device, guest.address) == (friend.device, friend.address) == (host.device, host.address)
