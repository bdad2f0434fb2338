# What only a Windows build has: COM runtime, MSP classes, the DLL, the application.
omsp_room(com base)
if(TARGET omsp_com)
    target_link_libraries(omsp_com PUBLIC ole32 oleaut32 uuid advapi32)
endif()
omsp_room(msp com engine base)
