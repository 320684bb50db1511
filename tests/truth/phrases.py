"""Statements that a random program is made of."""

from __future__ import annotations

from tests.truth.writing import Lines, Scope, Thing, Writer


class InstancePhrases(Writer):
    """Statements about instances: loading, making, moving, changing and reading them."""

    def phrase_load(self, scope: Scope) -> Lines:
        session = self.session(scope)
        name = self.new("user") if self.chance(90) or not scope.things else self.pick(list(scope.things))
        number = self.serial["row"] = self.serial.get("row", 0) % 3 + 1
        one = f"select(U).where(U.id == {number})"
        ways = [f"{self.w}{session}.get(U, {number})"] * 5
        if self.asynchronous:
            ways += [f"(await {session}.scalars({one})).first()", f"await {session}.scalar({one})"]
        else:
            ways += [
                f"{session}.scalars({one}).first()",
                f"{session}.query(U).filter_by(id={number}).first()",
            ]
            ways += [f"{session}.scalar({one})", f"{session}.execute({one}).scalar_one()"]
        scope.things[name] = Thing(session, True)
        return [f"{name} = {self.pick(ways)}"]

    def phrase_load_all(self, scope: Scope) -> Lines:
        session = self.session(scope)
        name = self.new("users")
        scope.lists[name] = session
        if self.asynchronous:
            return [f"{name} = (await {session}.scalars(select(U))).all()"]
        return [f"{name} = {self.pick([f'{session}.scalars(select(U)).all()', f'{session}.query(U).all()'])}"]

    def phrase_make(self, scope: Scope) -> Lines:
        name = self.new("user")
        scope.things[name] = Thing("", False)
        lines = [f'{name} = U(name="new")']
        if scope.sessions and self.chance(75):
            session = self.session(scope)
            scope.things[name].home = session
            lines += [f"{session}.add({name})"]
            if self.chance(30):
                lines += [f"{self.w}{session}.{self.pick(['flush', 'commit'])}()"]
                scope.things[name].stored = True
        return lines

    def phrase_add(self, scope: Scope) -> Lines:
        session, name = self.session(scope), self.thing(scope)
        loose = [each for each, thing in scope.things.items() if thing.home in {"", session}]
        if loose and self.chance(self.weights.sense):
            name = self.pick(loose)
        scope.things[name].home = session
        return [f"{session}.add({name})" if self.chance(85) else f"{session}.add_all([{name}])"]

    def phrase_merge(self, scope: Scope) -> Lines:
        session, name, new = self.session(scope), self.thing(scope), self.new("merged")
        scope.things[new] = Thing(session, True)
        return [f"{new} = {self.w}{session}.merge({name})"]

    def phrase_refresh(self, scope: Scope) -> Lines:
        name, session = self.member(scope)
        scope.things[name].stale = False
        return [f"{self.w}{session}.refresh({name})"]

    def phrase_expire(self, scope: Scope) -> Lines:
        name, session = self.member(scope)
        scope.things[name].stale = True
        return [f"{session}.expire({name})"]

    def phrase_expire_all(self, scope: Scope) -> Lines:
        session = self.session(scope)
        self.stale(scope, session)
        return [f"{session}.expire_all()"]

    def phrase_expunge(self, scope: Scope) -> Lines:
        name, session = self.member(scope)
        if self.chance(25):
            self.shut(scope, session)
            scope.closed.discard(session)
            return [f"{session}.expunge_all()"]
        scope.things[name].home = ""
        return [f"{session}.expunge({name})"]

    def phrase_delete(self, scope: Scope) -> Lines:
        name, session = self.member(scope)
        del scope.things[name]
        return [f"{self.w}{session}.delete({name})"]

    def phrase_write(self, scope: Scope) -> Lines:
        return [f'{self.thing(scope)}.{self.pick(["name", "name", "email"])} = "changed"']

    def phrase_write_relation(self, scope: Scope) -> Lines:
        return [f"{self.thing(scope, 'write_relation')}.addresses = []"]

    def phrase_append(self, scope: Scope) -> Lines:
        return [f'{self.thing(scope, "append")}.addresses.append(A(street="high"))']

    def phrase_read(self, scope: Scope) -> Lines:
        read = f"{self.thing(scope, 'read')}.{self.pick(['name', 'name', 'email', 'id'])}"
        if self.chance(30):
            name = self.new("value")
            scope.values.append(name)
            return [f"{name} = {read}"]
        return [f"{self.pick(['work', 'print'])}({read})"]

    def phrase_read_relation(self, scope: Scope) -> Lines:
        read = f"{self.thing(scope, 'read_relation')}.addresses"
        return [self.pick([f"work({read})", f"len({read})", f"work([each.street for each in {read}])"])]

    def phrase_each_of_relation(self, scope: Scope) -> Lines:
        return [
            f"for address in {self.thing(scope, 'each_of_relation')}.addresses:",
            "    work(address.street)",
        ]

    def phrase_read_deferred(self, scope: Scope) -> Lines:
        return [f"work({self.thing(scope, 'read_deferred')}.bio)"]

    def phrase_format(self, scope: Scope) -> Lines:
        name = self.thing(scope, "format")
        return [self.pick([f'work(f"{{{name}.name}}")', f'print(f"{{{name}.id}}: {{{name}.email}}")'])]

    def phrase_comprehend(self, scope: Scope) -> Lines:
        return [f"work([each.name for each in {self.pick(list(scope.lists))}])"]


class Phrases(InstancePhrases):
    """Statements about sessions, opaque calls and ways out."""

    def phrase_opaque(self, scope: Scope) -> Lines:
        if self.asynchronous and self.chance(60):
            return ["await awork()"]
        given = self.pick(["", "", "1", *scope.values])
        return [f"work({given})"]

    def phrase_opaque_given(self, scope: Scope) -> Lines:
        options = [*scope.things, *scope.sessions]
        return [f"work({self.pick(options)})"] if options else ["work()"]

    def phrase_flush(self, scope: Scope) -> Lines:
        session = self.session(scope)
        self.stores(scope, session)
        return [f"{self.w}{session}.flush()"]

    def phrase_commit(self, scope: Scope) -> Lines:
        session = self.session(scope, ends=True)
        self.stores(scope, session)
        self.stale(scope, session)
        scope.busy.discard(session)
        return [f"{self.w}{session}.commit()"]

    def phrase_rollback(self, scope: Scope) -> Lines:
        session = self.session(scope, ends=True)
        self.stale(scope, session)
        scope.busy.discard(session)
        return [f"{self.w}{session}.rollback()"]

    def phrase_close(self, scope: Scope) -> Lines:
        if not scope.sessions:
            return ["work()"]
        session = self.session(scope, ends=True)
        self.shut(scope, session)
        return [f"{self.w}{session}.close()"]

    def phrase_reset(self, scope: Scope) -> Lines:
        session = self.session(scope, ends=True)
        self.shut(scope, session)
        return [f"{self.w}{session}.reset()"]

    def phrase_helper_close(self, scope: Scope) -> Lines:
        self.helpers.add("close_it")
        session = self.session(scope, ends=True)
        self.shut(scope, session)
        return [f"{self.w}close_it({session})"]

    def phrase_execute(self, scope: Scope) -> Lines:
        statement = self.pick(["select(U)", 'text("select 1")', 'update(U).values(name="all")'])
        return [f"{self.w}{self.session(scope)}.execute({statement})"]

    def phrase_ask(self, scope: Scope) -> Lines:
        name = self.new("value")
        scope.values.append(name)
        return [f"{name} = {self.w}{self.session(scope)}.scalar(select(U.name))"]

    def phrase_forget(self, scope: Scope) -> Lines:
        session = self.session(scope)
        scope.sessions.remove(session)
        for thing in scope.things.values():
            if thing.home == session:
                thing.home = ""
        return [self.pick([f"{session} = None", f"del {session}"])]

    def phrase_anew(self, scope: Scope) -> Lines:
        session = self.session(scope)
        self.shut(scope, session)
        scope.closed.discard(session)
        return [f"{session} = {self.constructor()}"]

    def phrase_loose(self, scope: Scope) -> Lines:
        made = self.constructor()
        if self.chance(50):
            name = self.new("user")
            scope.things[name] = Thing("", True)
            return [f"{name} = {self.w}{made}.get(U, 1)"]
        statement = self.pick(["select(U)", 'text("select 1")'])
        options = [
            f"{self.w}{made}.execute({statement})",
            f"work({made})",
            f"{self.w}{made}.scalar(select(U.name))",
        ]
        return [self.pick(options)]

    def phrase_noop(self, scope: Scope) -> Lines:
        return ["pass"]

    def phrase_leave(self, scope: Scope) -> Lines:
        return [f"return {self.result(scope)}"]

    def phrase_fail(self, scope: Scope) -> Lines:
        return ['raise ValueError("no")']

    def phrase_next_turn(self, scope: Scope) -> Lines:
        return ["continue"]

    def phrase_stop_turn(self, scope: Scope) -> Lines:
        return ["break"]
