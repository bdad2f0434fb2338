/* Connection points: the list, hooks, enumerators, lifetime. Apartments are test_com_agile's. */
#include "sample.c"
#include "sink.c"

#include <olectl.h>

static IConnectionPoint *find(ISample *sample, const IID *iid)
{
    IConnectionPointContainer *container;
    IConnectionPoint *point;

    ck_assert_int_eq(
        sample->lpVtbl->QueryInterface(sample, &IID_IConnectionPointContainer, (void **)&container),
        S_OK);
    ck_assert_int_eq(IConnectionPointContainer_FindConnectionPoint(container, iid, &point), S_OK);
    IConnectionPointContainer_Release(container);
    return point;
}

START_TEST(a_container_finds_and_enumerates_its_points)
{
    ISample *sample = sample_make();
    IConnectionPointContainer *container;
    IEnumConnectionPoints *points;
    IConnectionPoint *two[2], *none = (IConnectionPoint *)&two;
    ULONG fetched;
    IID iid;

    ck_assert_int_eq(
        sample->lpVtbl->QueryInterface(sample, &IID_IConnectionPointContainer, (void **)&container),
        S_OK);
    ck_assert_int_eq(IConnectionPointContainer_FindConnectionPoint(container, &IID_IPersist, &none),
                     CONNECT_E_NOCONNECTION);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(IConnectionPointContainer_FindConnectionPoint(container, &IID_IDispatch, NULL),
                     E_POINTER);
    ck_assert_int_eq(IConnectionPointContainer_EnumConnectionPoints(container, NULL), E_POINTER);
    ck_assert_int_eq(IConnectionPointContainer_EnumConnectionPoints(container, &points), S_OK);
    ck_assert_int_eq(IEnumConnectionPoints_Next(points, 2, two, &fetched), S_OK);
    ck_assert_uint_eq(fetched, 2);
    ck_assert_int_eq(IConnectionPoint_GetConnectionInterface(two[0], &iid), S_OK);
    ck_assert(IsEqualIID(&iid, &IID_IDispatch));
    ck_assert_int_eq(IConnectionPoint_GetConnectionInterface(two[1], &iid), S_OK);
    ck_assert(IsEqualIID(&iid, &IID_IPropertyNotifySink));
    ck_assert_int_eq(IConnectionPoint_GetConnectionInterface(two[1], NULL), E_POINTER);
    ck_assert_int_eq(IEnumConnectionPoints_Next(points, 1, &none, NULL), S_FALSE);
    IConnectionPoint_Release(two[0]);
    IConnectionPoint_Release(two[1]);
    IEnumConnectionPoints_Release(points);
    IConnectionPointContainer_Release(container);
    sample_drop(sample);
}
END_TEST

START_TEST(a_point_has_an_identity_of_its_own_and_its_owners_life)
{
    LONG destroyed = sample_destroyed;
    ISample *sample = sample_make();
    IConnectionPoint *point = find(sample, &IID_IDispatch);
    IUnknown *mine, *theirs, *marshal;
    IConnectionPointContainer *container, *back;

    ck_assert_int_eq(IConnectionPoint_QueryInterface(point, &IID_IUnknown, (void **)&mine), S_OK);
    ck_assert_int_eq(sample->lpVtbl->QueryInterface(sample, &IID_IUnknown, (void **)&theirs), S_OK);
    ck_assert_ptr_ne(mine, theirs);
    IUnknown_Release(mine);
    IUnknown_Release(theirs);
    ck_assert_int_eq(IConnectionPoint_QueryInterface(point, &IID_ISample, (void **)&mine),
                     E_NOINTERFACE);
    ck_assert_ptr_null(mine);
    ck_assert_int_eq(IConnectionPoint_QueryInterface(point, &IID_IUnknown, NULL), E_POINTER);
    ck_assert_int_eq(IConnectionPoint_QueryInterface(point, &IID_IMarshal, (void **)&marshal),
                     S_OK);
    ck_assert_int_eq(IUnknown_QueryInterface(marshal, &IID_IUnknown, (void **)&mine), S_OK);
    ck_assert_ptr_eq(mine, point);
    IUnknown_Release(mine);
    IUnknown_Release(marshal);
    ck_assert_int_eq(IConnectionPoint_GetConnectionPointContainer(point, NULL), E_POINTER);
    ck_assert_int_eq(IConnectionPoint_GetConnectionPointContainer(point, &container), S_OK);
    ck_assert_int_eq(
        sample->lpVtbl->QueryInterface(sample, &IID_IConnectionPointContainer, (void **)&back),
        S_OK);
    ck_assert_ptr_eq(container, back);
    IConnectionPointContainer_Release(back);
    IConnectionPointContainer_Release(container);

    ck_assert_uint_eq(sample->lpVtbl->Release(sample), 1);
    ck_assert_int_eq(sample_destroyed, destroyed);
    ck_assert_uint_eq(IConnectionPoint_Release(point), 0);
    ck_assert_int_eq(sample_destroyed, destroyed + 1);
}
END_TEST

START_TEST(a_point_of_an_aggregated_object_counts_on_the_outer)
{
    struct outer outer;
    ISample *sample;
    IConnectionPoint *point;
    IConnectionPointContainer *container;
    IUnknown *identity;

    outer_init(&outer);
    ck_assert_int_eq(sample_create(&outer.iface, &IID_IUnknown, (void **)&outer.inner), S_OK);
    ck_assert_int_eq(IUnknown_QueryInterface(&outer.iface, &IID_ISample, (void **)&sample), S_OK);
    point = find(sample, &IID_IDispatch);
    ck_assert_int_eq(outer.refs, 3);
    ck_assert_int_eq(IConnectionPoint_GetConnectionPointContainer(point, &container), S_OK);
    ck_assert_int_eq(
        IConnectionPointContainer_QueryInterface(container, &IID_IUnknown, (void **)&identity),
        S_OK);
    ck_assert_ptr_eq(identity, &outer.iface);
    IUnknown_Release(identity);
    IConnectionPointContainer_Release(container);
    IConnectionPoint_Release(point);
    sample->lpVtbl->Release(sample);
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_uint_eq(IUnknown_Release(outer.inner), 0);
}
END_TEST

START_TEST(sinks_connect_and_disconnect_with_their_cookies)
{
    ISample *sample = sample_make();
    IConnectionPoint *point = find(sample, &IID_IDispatch);
    LONG advised = sample_advised, unadvised = sample_unadvised;
    struct sink a, b;
    DWORD first, second, none = 9;

    sink_init(&a, true);
    sink_init(&b, true);
    ck_assert_int_eq(IConnectionPoint_Advise(point, (IUnknown *)&a.iface, &first), S_OK);
    ck_assert_int_eq(IConnectionPoint_Advise(point, (IUnknown *)&b.iface, &second), S_OK);
    ck_assert_uint_ne(first, 0);
    ck_assert_uint_ne(first, second);
    ck_assert_int_eq(sample_advised, advised + 2);
    ck_assert_int_eq(a.refs, 2);
    ck_assert_int_eq(IConnectionPoint_Unadvise(point, first), S_OK);
    ck_assert_int_eq(a.refs, 1);
    ck_assert_int_eq(sample_unadvised, unadvised + 1);
    ck_assert_int_eq(IConnectionPoint_Unadvise(point, first), CONNECT_E_NOCONNECTION);
    ck_assert_int_eq(IConnectionPoint_Unadvise(point, 0), CONNECT_E_NOCONNECTION);
    ck_assert_int_eq(sample_unadvised, unadvised + 1);
    /* The same sink twice is two connections. */
    ck_assert_int_eq(IConnectionPoint_Advise(point, (IUnknown *)&b.iface, &first), S_OK);
    ck_assert_int_eq(b.refs, 3);
    ck_assert_int_eq(IConnectionPoint_Advise(point, NULL, &none), E_POINTER);
    ck_assert_uint_eq(none, 0);
    ck_assert_int_eq(IConnectionPoint_Advise(point, (IUnknown *)&a.iface, NULL), E_POINTER);
    ck_assert_int_eq(a.refs, 1);
    IConnectionPoint_Release(point);
    sample_drop(sample); /* the last release disconnects what is left */
    ck_assert_int_eq(b.refs, 1);
    ck_assert_int_eq(sample_unadvised, unadvised + 3);
}
END_TEST

START_TEST(a_sink_without_the_interface_or_refused_by_the_hook_is_not_kept)
{
    ISample *sample = sample_make();
    IConnectionPoint *point = find(sample, &IID_IDispatch);
    IConnectionPoint *other = find(sample, &IID_IPropertyNotifySink);
    LONG unadvised = sample_unadvised;
    struct sink sink;
    DWORD cookie = 9;

    sink_init(&sink, true);
    ck_assert_int_eq(IConnectionPoint_Advise(other, (IUnknown *)&sink.iface, &cookie),
                     CONNECT_E_CANNOTCONNECT);
    ck_assert_uint_eq(cookie, 0);
    sample_advise_result = E_ACCESSDENIED;
    ck_assert_int_eq(IConnectionPoint_Advise(point, (IUnknown *)&sink.iface, &cookie),
                     E_ACCESSDENIED);
    sample_advise_result = S_OK;
    ck_assert_uint_eq(cookie, 0);
    ck_assert_int_eq(sink.refs, 1);
    ck_assert_int_eq(sample_unadvised, unadvised);
    IConnectionPoint_Release(other);
    IConnectionPoint_Release(point);
    sample_drop(sample);
}
END_TEST

START_TEST(connections_are_enumerated_from_a_snapshot)
{
    ISample *sample = sample_make();
    IConnectionPoint *point = find(sample, &IID_IDispatch);
    IEnumConnections *connections;
    CONNECTDATA data[4];
    struct sink sinks[3];
    DWORD cookies[3];
    ULONG fetched;

    for (int i = 0; i < 3; i++) {
        sink_init(&sinks[i], true);
        ck_assert_int_eq(IConnectionPoint_Advise(point, (IUnknown *)&sinks[i].iface, &cookies[i]),
                         S_OK);
    }
    ck_assert_int_eq(IConnectionPoint_EnumConnections(point, NULL), E_POINTER);
    ck_assert_int_eq(IConnectionPoint_EnumConnections(point, &connections), S_OK);
    ck_assert_int_eq(IConnectionPoint_Unadvise(point, cookies[1]), S_OK);
    ck_assert_int_eq(IEnumConnections_Next(connections, 4, data, &fetched), S_FALSE);
    ck_assert_uint_eq(fetched, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_eq(data[i].pUnk, &sinks[i].iface);
        ck_assert_uint_eq(data[i].dwCookie, cookies[i]);
        IUnknown_Release(data[i].pUnk);
    }
    ck_assert_ptr_null(data[3].pUnk);
    IEnumConnections_Release(connections);
    ck_assert_int_eq(sinks[1].refs, 1);
    /* The order of the others is kept. */
    ck_assert_int_eq(IConnectionPoint_EnumConnections(point, &connections), S_OK);
    ck_assert_int_eq(IEnumConnections_Next(connections, 2, data, &fetched), S_OK);
    ck_assert_uint_eq(data[0].dwCookie, cookies[0]);
    ck_assert_uint_eq(data[1].dwCookie, cookies[2]);
    IUnknown_Release(data[0].pUnk);
    IUnknown_Release(data[1].pUnk);
    IEnumConnections_Release(connections);
    IConnectionPoint_Release(point);
    sample_drop(sample);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sinks[i].refs, 1);
    }
}
END_TEST

START_TEST(a_closed_point_lets_go_and_refuses)
{
    ISample *sample = sample_make();
    IConnectionPoint *point = find(sample, &IID_IDispatch);
    LONG unadvised = sample_unadvised;
    struct com_sink **kept;
    struct sink sink;
    size_t count;
    void *iface;
    DWORD cookie;

    sink_init(&sink, true);
    ck_assert_int_eq(IConnectionPoint_Advise(point, (IUnknown *)&sink.iface, &cookie), S_OK);
    ck_assert_int_eq(com_point_snapshot(sample_point(sample), &kept, &count), S_OK);
    ck_assert_uint_eq(count, 1);
    com_point_close(sample_point(sample));
    com_point_close(sample_point(sample));
    ck_assert_int_eq(sample_unadvised, unadvised + 1);
    ck_assert_int_eq(IConnectionPoint_Unadvise(point, cookie), CONNECT_E_NOCONNECTION);
    ck_assert_int_eq(IConnectionPoint_Advise(point, (IUnknown *)&sink.iface, &cookie),
                     CONNECT_E_CANNOTCONNECT);
    /* Who holds a connection can still use it. */
    ck_assert_int_eq(com_sink_get(kept[0], &iface), S_OK);
    ck_assert_ptr_eq(iface, &sink.iface);
    IUnknown_Release((IUnknown *)iface);
    com_sinks_free(kept, count);
    ck_assert_int_eq(sink.refs, 1);
    ck_assert_int_eq(com_point_snapshot(sample_point(sample), &kept, &count), S_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(kept);
    IConnectionPoint_Release(point);
    sample_drop(sample);
}
END_TEST

/* ---- keeping something else of the sink -------------------------------------------------------
 */

static HRESULT adopt_dispatch(struct com_object *owner, const IID *iid, IUnknown *given,
                              const IID **kept_iid, IUnknown **kept)
{
    (void)owner;
    ck_assert(IsEqualIID(iid, &IID_IPlain));
    *kept_iid = &IID_IDispatch;
    return IUnknown_QueryInterface(given, &IID_IDispatch, (void **)kept);
}

START_TEST(a_point_may_keep_another_interface_of_the_sink)
{
    static const struct com_point_hooks hooks = {.adopt = adopt_dispatch};
    ISample *sample = sample_make();
    struct com_point point;
    struct com_sink **sinks;
    struct sink sink;
    size_t count;
    DWORD cookie;

    sink_init(&sink, true);
    com_point_init(&point, &IID_IPlain, com_object_of(sample), &hooks);
    ck_assert_int_eq(IConnectionPoint_Advise(&point.iface, (IUnknown *)&sink.iface, &cookie), S_OK);
    ck_assert_int_eq(com_point_snapshot(&point, &sinks, &count), S_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_ptr_eq(com_sink_iid(sinks[0]), &IID_IDispatch);
    com_sinks_free(sinks, count);
    com_point_fini(&point);
    ck_assert_int_eq(sink.refs, 1);
    sample_drop(sample);
}
END_TEST

/* ---- under stress --------------------------------------------------------------------------- */

static void advise_body(void *ctx)
{
    IConnectionPoint *point = ctx;
    struct com_point *self = CONTAINING_RECORD(point, struct com_point, iface);
    struct sink sink;
    DWORD cookie;
    HRESULT hr;

    sink_init(&sink, true);
    hr = IConnectionPoint_Advise(point, (IUnknown *)&sink.iface, &cookie);
    ck_assert_int_eq(hr, omsp_test_alloc_failed() ? E_OUTOFMEMORY : S_OK);
    /* The array, and a sink's memory for the next one, are the point's own and go with it. */
    com_point_fini(self);
    com_point_init(self, self->iid, self->owner, self->hooks);
    ck_assert_int_eq(sink.refs, 1);
}

START_TEST(running_out_of_memory_while_connecting_keeps_nothing)
{
    LONG advised = sample_advised, unadvised = sample_unadvised;
    ISample *sample = sample_make();
    IConnectionPoint *point = find(sample, &IID_IDispatch);

    ck_assert_int_eq(omsp_test_alloc_walk(advise_body, point), 2);
    ck_assert_int_eq(sample_advised - advised, sample_unadvised - unadvised);
    IConnectionPoint_Release(point);
    sample_drop(sample);
}
END_TEST

static DWORD WINAPI advise_often(void *param)
{
    struct sink sink;

    sink_init(&sink, true);
    for (int i = 0; i < 500; i++) {
        struct com_sink **sinks;
        DWORD cookies[3];
        size_t count;

        for (int j = 0; j < 3; j++) {
            ck_assert_int_eq(IConnectionPoint_Advise((IConnectionPoint *)param,
                                                     (IUnknown *)&sink.iface, &cookies[j]),
                             S_OK);
        }
        ck_assert_int_eq(
            com_point_snapshot(CONTAINING_RECORD(param, struct com_point, iface), &sinks, &count),
            S_OK);
        ck_assert_uint_ge(count, 3);
        com_sinks_free(sinks, count);
        for (int j = 0; j < 3; j++) {
            ck_assert_int_eq(IConnectionPoint_Unadvise((IConnectionPoint *)param, cookies[j]),
                             S_OK);
        }
    }
    /* Another thread's snapshot may still hold it for a moment. */
    while (InterlockedCompareExchange(&sink.refs, 0, 0) != 1) {
        SwitchToThread();
    }
    return 0;
}

START_TEST(threads_connect_and_disconnect_at_once)
{
    ISample *sample = sample_make();
    IConnectionPoint *point = find(sample, &IID_IDispatch);
    HANDLE threads[3];

    for (int i = 0; i < 3; i++) {
        threads[i] = CreateThread(NULL, 0, advise_often, point, 0, NULL);
        ck_assert_ptr_nonnull(threads[i]);
    }
    ck_assert_uint_lt(WaitForMultipleObjects(3, threads, TRUE, 60000), WAIT_OBJECT_0 + 3);
    for (int i = 0; i < 3; i++) {
        CloseHandle(threads[i]);
    }
    ck_assert_uint_eq(sample_point(sample)->count, 0);
    IConnectionPoint_Release(point);
    sample_drop(sample);
}
END_TEST

OMSP_SUITE("com_connection_point", TEST(a_container_finds_and_enumerates_its_points),
           TEST(a_point_has_an_identity_of_its_own_and_its_owners_life),
           TEST(a_point_of_an_aggregated_object_counts_on_the_outer),
           TEST(sinks_connect_and_disconnect_with_their_cookies),
           TEST(a_sink_without_the_interface_or_refused_by_the_hook_is_not_kept),
           TEST(connections_are_enumerated_from_a_snapshot),
           TEST(a_closed_point_lets_go_and_refuses),
           TEST(a_point_may_keep_another_interface_of_the_sink),
           TEST(running_out_of_memory_while_connecting_keeps_nothing),
           TEST(threads_connect_and_disconnect_at_once))
