"""Books that always balance, payments and the bank.

A programme needs five things of this room:

    from luoshi.office.funds import actions, gauge, hooks, orders, payments, plans, queries

    # 1. Declare the book (plans): accounts, events; in code or from YAML. Open it once (actions.open_book).
    plans.load(Path(__file__).parent / "books.yaml")
    open_book(actor=actor, plan="agri_guarantee/fund", opened_on=date, bank={"1001": ("123456789012", "…0172")})

    # 2. Post (actions.post, post_many, counter). Fen as positive integers; the key makes it once; all or nothing.
    post(book="agri_guarantee/fund", actor=actor, checker=other, key="receipt:77", value_on=day, event="J1",
         lines=[debit("1001", fen, bank_txn_no="T1"), credit("3001", fen)], memo="…", basis="乳政办发〔2018〕7号 四",
         case="DB-2018-0001")
    #    An account declared `by_subject` wants the subject of every line: credit("2001", fen, subject=agreement_no).

    # 3. Pay (payments.draft_payment, check_payment): the claim's money goes into the transit account when another hand
    #    has checked it, and out of the bank account when the bank says so. Unknown results are asked, never paid again.
    draft_payment(actor=clerk, book=…, claim="DC2019-0001", lines=[("3101", "loan-7", fen)], transit="2001",
                  account="1001", payee=Payee(name, number, bank), basis="… 第十二条",
                  events=Events("J3", "J4", "J5", "J6"))

    # 4. Be told (hooks.on): payment.confirmed, payment.failed, payment.returned, bank.movement, bank.<TYPE>. A hook
    #    runs in the transaction of what it is told; `bank.movement` may return the lines to book instead of suspense.

    # 5. Ask (queries): balance, balance_on, subject_balance, trial_balance, statement; gauge.Gauge for a limit with
    #    what is pending (picture 05).

What never is false is the database's own doing (`guards`), on SQLite and PostgreSQL alike, for raw SQL too: an entry
balances; nothing posted changes; a guarded account or subject is never on the wrong side at any posting or value date;
numbers have no gaps; a closed month takes nothing; kept balances are the sums of their postings; one payment a claim.
Read `models`, `guards`, `writing`, then `actions`, `payments`, `bank`, `reconcile`.
"""
