# What only a Windows build has: COM runtime, MSP classes, the DLL, the application.
omsp_room(com base)
omsp_room(msp com engine base)
