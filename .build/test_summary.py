#!/usr/bin/python3
"""Prints the failures found in a folder of TRX files and, as the last line, "N passed, N failed[, N skipped]".

Fails when a test failed or a test run broke off, and when no test ran at all.
"""
import glob
import sys
import xml.etree.ElementTree as xml

NAMESPACE = {"t": "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"}


def main(folder):
    passed = failed = skipped = 0
    for path in sorted(glob.glob(f"{folder}/*/*.trx")):
        run = xml.parse(path).getroot()
        failed_here = 0
        for result in run.iterfind(".//t:UnitTestResult", NAMESPACE):
            match result.get("outcome"):
                case "Passed":
                    passed += 1
                case "NotExecuted":
                    skipped += 1
                case _:
                    failed_here += 1
                    print(f"\nFAILED {result.get('testName')}")
                    for part in ("Message", "StackTrace"):
                        print(result.findtext(f".//t:{part}", "", NAMESPACE))
        summary = run.find("t:ResultSummary", NAMESPACE)
        if summary is not None and summary.get("outcome") == "Failed" and failed_here == 0:
            # The test host ended in the middle: what ran did pass, the rest never ran.
            failed_here = 1
            print(f"\nBROKEN OFF {path}")
            for info in summary.iterfind(".//t:RunInfo/t:Text", NAMESPACE):
                print(info.text)
        failed += failed_here
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if failed == 0 and passed > 0 else 1


sys.exit(main(sys.argv[1]))
