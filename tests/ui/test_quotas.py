from ui.quotas import BROWSERS_OF_AN_ADDRESS, Person, Quota, Quotas

ADA, BOB = Person("user:ada"), Person("user:bob")


def test_what_is_too_much_waits_until_the_first_is_a_minute_old(clock):
    quotas = Quotas(Quota(questions_per_minute=2), clock=clock)
    assert quotas.ask(ADA) == 0
    clock.now += 20
    assert quotas.ask(ADA) == 0

    assert quotas.ask(ADA) == 40
    clock.now += 40
    assert quotas.ask(ADA) == 0
    assert quotas.ask(ADA) == 20


def test_what_one_person_does_takes_nothing_from_another(clock):
    quotas = Quotas(Quota(questions_per_minute=1), clock=clock)

    assert [quotas.ask(ADA), quotas.ask(BOB)] == [0, 0]
    assert quotas.ask(ADA) == 60


def test_a_browser_that_forgets_its_name_meets_the_limit_of_its_address(clock):
    quotas = Quotas(Quota(questions_per_minute=1), clock=clock)
    waits = [quotas.ask(Person(f"browser:{n}", "192.0.2.7")) for n in range(BROWSERS_OF_AN_ADDRESS + 1)]

    assert waits == [0] * BROWSERS_OF_AN_ADDRESS + [60]
    assert quotas.ask(Person("browser:x", "192.0.2.8")) == 0


def test_uploads_are_counted_by_number_and_by_bytes(clock):
    quotas = Quotas(Quota(uploads_per_hour=3, upload_bytes_per_hour=100), clock=clock)
    assert quotas.upload(ADA, 60) == 0

    assert quotas.upload(ADA, 60) == 3_600
    assert quotas.upload(ADA, 40) == 0
    assert quotas.upload(ADA) == 0
    assert quotas.upload(ADA) == 3_600


def test_what_is_refused_is_not_counted(clock):
    quotas = Quotas(Quota(upload_bytes_per_hour=100), clock=clock)
    for _ in range(5):
        assert quotas.upload(ADA, 101) > 0

    assert quotas.upload(ADA, 100) == 0


def test_zero_sets_no_limit(clock):
    quotas = Quotas(Quota(0, 0, 0), clock=clock)

    assert {quotas.ask(ADA) for _ in range(1_000)} == {0}
    assert quotas.upload(ADA, 10**12) == 0
