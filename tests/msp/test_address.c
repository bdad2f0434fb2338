/* The address: identity, aggregation, its life, its calls, terminal support. */
#include "msp/kit.h"

#include <objbase.h>

static const IID *const address_iids[] = {
    &IID_IUnknown,           &IID_IDispatch,       &IID_ITTerminalSupport,
    &IID_ITTerminalSupport2, &IID_IOpenMSPAddress, &IID_ITMSPAddress,
    &IID_IObjectSafety,      &IID_IMarshal,        &IID_IConnectionPointContainer,
};
#define ADDRESS_IIDS (sizeof(address_iids) / sizeof(address_iids[0]))

START_TEST(answers_every_interface_from_every_other)
{
    ITMSPAddress *address;
    void *none = &none;

    kit_begin();
    address = kit_address();
    kit_check_identity((IUnknown *)address, address_iids, ADDRESS_IIDS - 1);
    kit_check_identity((IUnknown *)address, address_iids, 2);
    kit_release(kit_query(address, &IID_IMarshal));
    ck_assert_hr(address->lpVtbl->QueryInterface(address, &IID_ITStream, &none), E_NOINTERFACE);
    ck_assert_ptr_null(none);
    ck_assert_uint_eq(kit_release(address), 0);
    kit_end();
}
END_TEST

START_TEST(class_tables_are_sound)
{
    const char *problem = com_class_check(&msp_address_class);

    ck_assert_msg(!problem, "%s", problem ? problem : "");
}
END_TEST

START_TEST(aggregates_without_counting_its_outer)
{
    struct outer outer;
    ITMSPAddress *address;
    ITTerminalSupport *support;
    IUnknown *same;
    HANDLE event;

    kit_begin();
    event = kit_event();
    outer_init(&outer);
    ck_assert_hr(msp_address_create(&outer.iface, &IID_IUnknown, (void **)&outer.inner), S_OK);
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_ptr_ne(outer.inner, &outer.iface);

    address = kit_query(&outer.iface, &IID_ITMSPAddress);
    ck_assert_int_eq(outer.refs, 2);
    same = kit_query(address, &IID_IUnknown);
    ck_assert_ptr_eq(same, &outer.iface);
    kit_release(same);
    kit_check_identity(&outer.iface, address_iids, ADDRESS_IIDS);
    ck_assert_int_eq(outer.refs, 2);

    /* Living through a whole life takes no reference of the outer. */
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    ck_assert_int_eq(outer.refs, 2);
    support = kit_query(address, &IID_ITTerminalSupport);
    ck_assert_int_eq(outer.refs, 3);
    kit_release(support);
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    kit_release(address);
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_uint_eq(kit_release(outer.inner), 0);
    ck_assert_int_eq(outer.refs, 1);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(aggregation_hands_out_iunknown_only)
{
    struct outer outer;
    void *out = &out;

    kit_begin();
    outer_init(&outer);
    ck_assert_hr(msp_address_create(&outer.iface, &IID_ITMSPAddress, &out), CLASS_E_NOAGGREGATION);
    ck_assert_ptr_null(out);
    ck_assert_int_eq(outer.refs, 1);
    kit_end();
}
END_TEST

/* Every method of an address that is not live. */
static void check_not_live(ITMSPAddress *address)
{
    ITTerminalSupport2 *support = kit_query(address, &IID_ITTerminalSupport2);
    IOpenMSPAddress *open = kit_query(address, &IID_IOpenMSPAddress);
    BYTE buffer[sizeof(MSP_EVENT_INFO)], data[1] = {0};
    IOpenMSPCall *call = (void *)&call;
    IUnknown *unknown = (void *)&unknown;
    struct outer outer;
    IEnumTerminal *terminals = (void *)&terminals;
    IEnumTerminalClass *classes = (void *)&classes;
    IEnumPluggableSuperclassInfo *superclasses = (void *)&superclasses;
    IEnumPluggableTerminalClassInfo *pluggables = (void *)&pluggables;
    ITTerminal *terminal = (void *)&terminal;
    BSTR class = msp_guid_bstr(&CLSID_msp_file_playback);
    DWORD size = sizeof(buffer);
    double count = 1;
    VARIANT variant;

    outer_init(&outer);
    ck_assert_hr(address->lpVtbl->CreateMSPCall(address, NULL, 0, TAPIMEDIATYPE_AUDIO, &outer.iface,
                                                &unknown),
                 E_UNEXPECTED);
    ck_assert_ptr_null(unknown);
    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, (IUnknown *)address), E_UNEXPECTED);
    ck_assert_hr(address->lpVtbl->ReceiveTSPData(address, NULL, data, 1), E_UNEXPECTED);
    ck_assert_hr(address->lpVtbl->GetEvent(address, &size, buffer), E_UNEXPECTED);
    ck_assert_uint_eq(size, sizeof(buffer));
    ck_assert_hr(support->lpVtbl->get_StaticTerminals(support, &variant), E_UNEXPECTED);
    ck_assert_int_eq(V_VT(&variant), VT_EMPTY);
    ck_assert_hr(support->lpVtbl->EnumerateStaticTerminals(support, &terminals), E_UNEXPECTED);
    ck_assert_ptr_null(terminals);
    ck_assert_hr(support->lpVtbl->get_DynamicTerminalClasses(support, &variant), E_UNEXPECTED);
    ck_assert_hr(support->lpVtbl->EnumerateDynamicTerminalClasses(support, &classes), E_UNEXPECTED);
    ck_assert_ptr_null(classes);
    ck_assert_hr(
        support->lpVtbl->CreateTerminal(support, class, TAPIMEDIATYPE_AUDIO, TD_CAPTURE, &terminal),
        E_UNEXPECTED);
    ck_assert_ptr_null(terminal);
    ck_assert_hr(support->lpVtbl->GetDefaultStaticTerminal(support, TAPIMEDIATYPE_AUDIO, TD_RENDER,
                                                           &terminal),
                 E_UNEXPECTED);
    ck_assert_hr(support->lpVtbl->get_PluggableSuperclasses(support, &variant), E_UNEXPECTED);
    ck_assert_hr(support->lpVtbl->EnumeratePluggableSuperclasses(support, &superclasses),
                 E_UNEXPECTED);
    ck_assert_hr(support->lpVtbl->get_PluggableTerminalClasses(support, class, 8, &variant),
                 E_UNEXPECTED);
    ck_assert_int_eq(V_VT(&variant), VT_EMPTY);
    ck_assert_hr(support->lpVtbl->EnumeratePluggableTerminalClasses(
                     support, CLSID_msp_file_playback, 8, &pluggables),
                 E_UNEXPECTED);
    ck_assert_hr(IOpenMSPAddress_CreateCall(open, TAPIMEDIATYPE_AUDIO, &call), E_UNEXPECTED);
    ck_assert_ptr_null(call);
    ck_assert_hr(IOpenMSPAddress_get_Calls(open, &variant), E_UNEXPECTED);
    ck_assert_int_eq(V_VT(&variant), VT_EMPTY);
    ck_assert_hr(IOpenMSPAddress_get_EventsWaiting(open, &count), E_UNEXPECTED);
    ck_assert(count == 0);
    SysFreeString(class);
    kit_release(open);
    kit_release(support);
}

START_TEST(before_initialize_everything_is_unexpected)
{
    ITMSPAddress *address;

    kit_begin();
    address = kit_address();
    check_not_live(address);
    ck_assert_hr(address->lpVtbl->Shutdown(address), E_UNEXPECTED);
    ck_assert_uint_eq(kit_release(address), 0);
    kit_end();
}
END_TEST

START_TEST(after_shutdown_everything_is_unexpected_but_shutdown)
{
    HANDLE event;
    ITMSPAddress *address;

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    check_not_live(address);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), E_UNEXPECTED);
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(initialize_wants_a_handle_and_only_once)
{
    HANDLE event;
    ITMSPAddress *address;
    IOpenMSPAddress *open;

    kit_begin();
    event = kit_event();
    address = kit_address();
    open = kit_query(address, &IID_IOpenMSPAddress);
    ck_assert_hr(address->lpVtbl->Initialize(address, NULL), E_INVALIDARG);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPAddress_Open(open), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPAddress_Close(open), S_OK);
    ck_assert_hr(IOpenMSPAddress_Close(open), S_OK);
    kit_release(open);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(media_workers_are_set_while_it_is_open)
{
    HANDLE event;
    ITMSPAddress *address;
    IOpenMSPAddress *open;
    LONG count = 7;

    kit_begin();
    event = kit_event();
    address = kit_address();
    open = kit_query(address, &IID_IOpenMSPAddress);
    ck_assert_hr(IOpenMSPAddress_get_MediaWorkers(open, &count), E_UNEXPECTED);
    ck_assert_int_eq(count, 0);
    ck_assert_hr(IOpenMSPAddress_put_MediaWorkers(open, 2), E_UNEXPECTED);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    ck_assert_hr(IOpenMSPAddress_get_MediaWorkers(open, &count), S_OK);
    ck_assert_int_eq(count, 0);
    ck_assert_hr(IOpenMSPAddress_put_MediaWorkers(open, 3), S_OK);
    ck_assert_hr(IOpenMSPAddress_put_MediaWorkers(open, -1), E_INVALIDARG);
    ck_assert_hr(IOpenMSPAddress_put_MediaWorkers(open, 17), E_INVALIDARG);
    ck_assert_hr(IOpenMSPAddress_get_MediaWorkers(open, &count), S_OK);
    ck_assert_int_eq(count, 3);
    ck_assert_hr(IOpenMSPAddress_put_MediaWorkers(open, 0), S_OK);
    ck_assert_hr(IOpenMSPAddress_Close(open), S_OK);
    ck_assert_hr(IOpenMSPAddress_get_MediaWorkers(open, &count), E_UNEXPECTED);
    kit_release(open);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(failed_initialize_can_be_repeated)
{
    HANDLE event;
    ITMSPAddress *address;

    kit_begin();
    event = kit_event();
    address = kit_address();
    msp_engine_configure(NULL, NULL);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), E_FAIL);
    ck_assert_uint_eq(msp_engine_holds(), 0);
    check_not_live(address);
    msp_engine_configure(omsp_system_ports, NULL);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    ck_assert_uint_eq(kit_release(address), 0); /* without Shutdown */
    CloseHandle(event);
    kit_end();
}
END_TEST

static void initialize_once(void *ctx)
{
    ITMSPAddress *address = NULL;
    HRESULT hr = msp_address_create(NULL, &IID_ITMSPAddress, (void **)&address);

    if (SUCCEEDED(hr)) {
        IUnknown *call = NULL;
        struct outer outer;

        outer_init(&outer);
        hr = address->lpVtbl->Initialize(address, (MSP_HANDLE)ctx);
        if (SUCCEEDED(hr)) {
            hr = address->lpVtbl->CreateMSPCall(address, NULL, 0, TAPIMEDIATYPE_AUDIO, &outer.iface,
                                                &call);
            ck_assert(SUCCEEDED(hr) == (call != NULL));
            if (call)
                kit_release(call);
            ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
        }
        kit_release(address);
    } else {
        ck_assert_ptr_null(address);
    }
    if (omsp_test_alloc_failed() && FAILED(hr))
        ck_assert_hr(hr, E_OUTOFMEMORY);
    ck_assert_int_eq(com_module_references(), 0);
    ck_assert_uint_eq(msp_engine_holds(), 0);
}

START_TEST(every_failing_allocation_is_out_of_memory_and_leaks_nothing)
{
    HANDLE event;

    kit_begin();
    event = kit_event();
    initialize_once(event);
    ck_assert_int_gt(omsp_test_alloc_walk(initialize_once, event), 3);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(null_outs_are_pointer_errors)
{
    HANDLE event;
    ITMSPAddress *address;
    ITTerminalSupport2 *support;
    IOpenMSPAddress *open;
    IUnknown *call = (void *)&call;
    struct outer outer;
    BYTE data[1] = {0};

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    support = kit_query(address, &IID_ITTerminalSupport2);
    open = kit_query(address, &IID_IOpenMSPAddress);
    outer_init(&outer);
    ck_assert_hr(address->lpVtbl->CreateMSPCall(address, NULL, 0, 8, &outer.iface, NULL),
                 E_POINTER);
    ck_assert_hr(address->lpVtbl->CreateMSPCall(address, NULL, 0, 8, NULL, &call), S_OK);
    ck_assert_ptr_nonnull(call);
    kit_release(call);
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, NULL), E_POINTER);
    ck_assert_hr(address->lpVtbl->ReceiveTSPData(address, NULL, NULL, 16), E_POINTER);
    ck_assert_hr(address->lpVtbl->ReceiveTSPData(address, (IUnknown *)address, data, 1),
                 E_INVALIDARG);
    ck_assert_hr(address->lpVtbl->GetEvent(address, NULL, data), E_POINTER);
    ck_assert_hr(support->lpVtbl->get_StaticTerminals(support, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->EnumerateStaticTerminals(support, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->get_DynamicTerminalClasses(support, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->EnumerateDynamicTerminalClasses(support, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->CreateTerminal(support, NULL, 8, TD_RENDER, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->GetDefaultStaticTerminal(support, 8, TD_RENDER, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->get_PluggableSuperclasses(support, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->EnumeratePluggableSuperclasses(support, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->get_PluggableTerminalClasses(support, NULL, 8, NULL), E_POINTER);
    ck_assert_hr(support->lpVtbl->EnumeratePluggableTerminalClasses(
                     support, CLSID_msp_file_playback, 8, NULL),
                 E_POINTER);
    ck_assert_hr(IOpenMSPAddress_CreateCall(open, 8, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_get_Calls(open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_get_Version(open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_get_EventsWaiting(open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_get_EventsCoalesced(open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_get_EventsDropped(open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_get_MediaWorkers(open, NULL), E_POINTER);
    kit_release(open);
    kit_release(support);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(an_aggregated_address_makes_aggregated_calls_only)
{
    HANDLE event;
    ITMSPAddress *address;
    IUnknown *call = (void *)&call;
    struct outer outer, outer_call;

    kit_begin();
    event = kit_event();
    outer_init(&outer);
    outer_init(&outer_call);
    ck_assert_hr(msp_address_create(&outer.iface, &IID_IUnknown, (void **)&outer.inner), S_OK);
    address = kit_query(outer.inner, &IID_ITMSPAddress);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    ck_assert_hr(address->lpVtbl->CreateMSPCall(address, NULL, 0, 8, NULL, &call), E_POINTER);
    ck_assert_ptr_null(call);
    ck_assert_hr(
        address->lpVtbl->CreateMSPCall(address, NULL, 0, 8, &outer_call.iface, &outer_call.inner),
        S_OK);
    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, outer_call.inner), S_OK);
    kit_release(outer_call.inner);
    ck_assert_int_eq(outer_call.refs, 1);
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    address->lpVtbl->Release(address);
    kit_release(outer.inner);
    ck_assert_int_eq(outer.refs, 1);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(calls_are_made_for_the_media_we_have)
{
    static const struct {
        DWORD media;
        HRESULT hr;
    } cases[] = {
        {0, TAPI_E_INVALIDMEDIATYPE},
        {TAPIMEDIATYPE_DATAMODEM, TAPI_E_INVALIDMEDIATYPE},
        {TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_G3FAX, TAPI_E_INVALIDMEDIATYPE},
        {0x80000000, TAPI_E_INVALIDMEDIATYPE},
        {TAPIMEDIATYPE_AUDIO, S_OK},
        {TAPIMEDIATYPE_VIDEO, S_OK},
        {TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO, S_OK},
    };
    HANDLE event;
    ITMSPAddress *address;

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        IUnknown *call = (void *)&call;
        struct outer outer;

        outer_init(&outer);
        ck_assert_hr(
            address->lpVtbl->CreateMSPCall(address, NULL, 0, cases[i].media, &outer.iface, &call),
            cases[i].hr);
        ck_assert_int_eq(outer.refs, 1);
        ck_assert((call != NULL) == SUCCEEDED(cases[i].hr));
        if (call)
            ck_assert_uint_eq(kit_release(call), 0);
    }
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(calls_are_found_by_pointer_and_shut_down_once)
{
    HANDLE event;
    ITMSPAddress *address, *other;
    IUnknown *call, *second;
    char garbage[64] = {0};

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    other = kit_live(event);
    call = kit_call(address, TAPIMEDIATYPE_AUDIO);
    second = kit_call(address, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(other->lpVtbl->ShutdownMSPCall(other, call), E_INVALIDARG);
    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, (IUnknown *)(void *)garbage),
                 E_INVALIDARG);
    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, call), S_OK);
    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, call), E_INVALIDARG);
    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, second), S_OK);
    ck_assert_uint_eq(kit_release(second), 0);
    ck_assert_uint_eq(kit_release(call), 0);
    ck_assert_uint_eq(kit_release(other), 0);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(calls_keep_the_address_and_survive_its_shutdown)
{
    HANDLE event;
    ITMSPAddress *address;
    IUnknown *call;
    ITStreamControl *control;
    IEnumStream *streams = (void *)&streams;

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    call = kit_call(address, TAPIMEDIATYPE_AUDIO);
    control = kit_query(call, &IID_ITStreamControl);
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    ck_assert_uint_ne(kit_release(address), 0);
    ck_assert_hr(control->lpVtbl->EnumerateStreams(control, &streams), E_UNEXPECTED);
    ck_assert_ptr_null(streams);
    kit_release(control);
    ck_assert_uint_eq(kit_release(call), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(dynamic_classes_are_upper_case_guids)
{
    HANDLE event;
    ITMSPAddress *address;
    ITTerminalSupport *support;
    ITCollection *collection;
    IEnumTerminalClass *classes;
    GUID guids[6];
    ULONG fetched = 7;
    LONG count = 0;
    VARIANT variant, item;

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    support = kit_query(address, &IID_ITTerminalSupport);
    ck_assert_hr(support->lpVtbl->get_DynamicTerminalClasses(support, &variant), S_OK);
    ck_assert_int_eq(V_VT(&variant), VT_DISPATCH);
    collection = kit_query(V_DISPATCH(&variant), &IID_ITCollection);
    ck_assert_hr(collection->lpVtbl->get_Count(collection, &count), S_OK);
    ck_assert_int_eq(count, 5);
    ck_assert_hr(collection->lpVtbl->get_Item(collection, 1, &item), S_OK);
    ck_assert_int_eq(V_VT(&item), VT_BSTR);
    ck_assert(!wcscmp(V_BSTR(&item), L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}"));
    VariantClear(&item);
    ck_assert_hr(collection->lpVtbl->get_Item(collection, 2, &item), S_OK);
    ck_assert(!wcscmp(V_BSTR(&item), L"{521F3D06-C3D0-4511-8617-86B9A783DA77}"));
    VariantClear(&item);
    ck_assert_hr(collection->lpVtbl->get_Item(collection, 3, &item), S_OK);
    ck_assert(!wcscmp(V_BSTR(&item), L"{017C9E82-9045-492A-8565-3012E9FFA1FD}"));
    VariantClear(&item);
    ck_assert_hr(collection->lpVtbl->get_Item(collection, 5, &item), S_OK);
    ck_assert(!wcscmp(V_BSTR(&item), L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}"));
    VariantClear(&item);
    kit_release(collection);
    VariantClear(&variant);

    ck_assert_hr(support->lpVtbl->EnumerateDynamicTerminalClasses(support, &classes), S_OK);
    ck_assert_hr(classes->lpVtbl->Next(classes, 6, guids, &fetched), S_FALSE);
    ck_assert_uint_eq(fetched, 5);
    ck_assert(IsEqualGUID(&guids[0], &CLSID_msp_file_playback));
    ck_assert(IsEqualGUID(&guids[1], &CLSID_msp_file_recording));
    ck_assert(IsEqualGUID(&guids[2], &CLSID_OpenMSPWebSocketTerminal));
    ck_assert(IsEqualGUID(&guids[3], &CLSID_OpenMSPBridgeTerminal));
    ck_assert(IsEqualGUID(&guids[4], &CLSID_msp_media_streaming));
    ck_assert_uint_eq(kit_release(classes), 0);
    kit_release(support);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(create_terminal_checks_in_order)
{
    static const struct {
        const WCHAR *class;
        LONG media;
        int direction;
        HRESULT hr;
    } cases[] = {
        {NULL, 8, TD_CAPTURE, E_INVALIDARG},
        {L"", 8, TD_CAPTURE, E_INVALIDARG},
        {L"OpenMSP.Address", 8, TD_CAPTURE, E_INVALIDARG},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20", 8, TD_CAPTURE, E_INVALIDARG},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", 0, TD_CAPTURE, E_INVALIDARG},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", 9, TD_CAPTURE, E_INVALIDARG},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", 8, 77, E_INVALIDARG},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", 8, -1, E_INVALIDARG},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB21}", 8, TD_CAPTURE, TAPI_E_INVALIDTERMINALCLASS},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", 0x8000, TD_CAPTURE, TAPI_E_INVALIDMEDIATYPE},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", 8, TD_RENDER, TAPI_E_INVALIDDIRECTION},
        {L"{521F3D06-C3D0-4511-8617-86B9A783DA77}", 8, TD_CAPTURE, TAPI_E_INVALIDDIRECTION},
        {L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", 8, TD_CAPTURE, S_OK},
        {L"{0cb9914c-79cd-47dc-adb0-327f47cefb20}", 0x10000, TD_CAPTURE, S_OK},
        {L"{521F3D06-C3D0-4511-8617-86B9A783DA77}", 0x10008, TD_RENDER, S_OK},
    };
    HANDLE event;
    ITMSPAddress *address;
    ITTerminalSupport *support;

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    support = kit_query(address, &IID_ITTerminalSupport);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        BSTR class = SysAllocString(cases[i].class);
        ITTerminal *terminal = (void *)&terminal;

        ck_assert_hr(support->lpVtbl->CreateTerminal(support, class, cases[i].media,
                                                     (TERMINAL_DIRECTION)cases[i].direction,
                                                     &terminal),
                     cases[i].hr);
        SysFreeString(class);
        ck_assert((terminal != NULL) == SUCCEEDED(cases[i].hr));
        if (terminal)
            ck_assert_uint_eq(kit_release(terminal), 0);
    }
    kit_release(support);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(no_default_static_terminal_is_a_failure_code)
{
    HANDLE event;
    ITMSPAddress *address;
    ITTerminalSupport2 *support;
    ITTerminal *terminal = (void *)&terminal;
    BSTR class;
    VARIANT variant;

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    support = kit_query(address, &IID_ITTerminalSupport2);
    ck_assert_hr(support->lpVtbl->GetDefaultStaticTerminal(support, 8, TD_RENDER, &terminal),
                 TAPI_E_NOITEMS);
    ck_assert_ptr_null(terminal);
    ck_assert_hr(support->lpVtbl->GetDefaultStaticTerminal(support, 0x8008, TD_RENDER, &terminal),
                 E_INVALIDARG);
    ck_assert_hr(support->lpVtbl->GetDefaultStaticTerminal(support, 0x10, TD_RENDER, &terminal),
                 E_INVALIDARG);
    ck_assert_hr(support->lpVtbl->GetDefaultStaticTerminal(support, 8, TD_BIDIRECTIONAL, &terminal),
                 E_INVALIDARG);

    ck_assert_hr(support->lpVtbl->get_PluggableTerminalClasses(support, NULL, 8, &variant),
                 E_INVALIDARG);
    class = SysAllocString(L"{B4790031-56DB-4D3E-88C8-6FFAAFA08A91}");
    ck_assert_hr(support->lpVtbl->get_PluggableTerminalClasses(support, class, 3, &variant),
                 E_INVALIDARG);
    ck_assert_int_eq(V_VT(&variant), VT_EMPTY);
    ck_assert_hr(support->lpVtbl->get_PluggableTerminalClasses(support, class, 8, &variant), S_OK);
    ck_assert_int_eq(V_VT(&variant), VT_DISPATCH);
    VariantClear(&variant);
    SysFreeString(class);
    kit_release(support);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

OMSP_SUITE("address", TEST(class_tables_are_sound), TEST(answers_every_interface_from_every_other),
           TEST(aggregates_without_counting_its_outer), TEST(aggregation_hands_out_iunknown_only),
           TEST(before_initialize_everything_is_unexpected),
           TEST(after_shutdown_everything_is_unexpected_but_shutdown),
           TEST(initialize_wants_a_handle_and_only_once), TEST(failed_initialize_can_be_repeated),
           TEST(media_workers_are_set_while_it_is_open),
           TEST(every_failing_allocation_is_out_of_memory_and_leaks_nothing),
           TEST(null_outs_are_pointer_errors),
           TEST(an_aggregated_address_makes_aggregated_calls_only),
           TEST(calls_are_made_for_the_media_we_have),
           TEST(calls_are_found_by_pointer_and_shut_down_once),
           TEST(calls_keep_the_address_and_survive_its_shutdown),
           TEST(dynamic_classes_are_upper_case_guids), TEST(create_terminal_checks_in_order),
           TEST(no_default_static_terminal_is_a_failure_code))
