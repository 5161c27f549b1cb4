# gnuplot -e "format='svg'" settling.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1000,960 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 10.00in,9.60in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1000,960 font "DejaVu Sans,11" }
set output "settling" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set multiplot layout 3,1 title "Do the masks settle? ResNet18 of width 8, 5 % of its ReLUs, mean over seeds" . "\n" . "[1] CIFAR-10, resnet18 width=8; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images;" . "\n" . "schedules not the paper's" noenhanced
set lmargin 10
set rmargin 28
set key outside right top font ",9"
set xtics 1
set xlabel "epoch of mask identification"
set yrange [0:*]
set ylabel "NHD to the masks before"
set arrow 1 from graph 0, first 4.5796 to graph 1, first 4.5796 nohead dt 2 lc rgb "#666666"
set label 1 "no ReLU in common" at graph 0.99, first 4.5796 right offset 0,0.5 font ",8"
plot "settling.dat" index 0 using 1:2:3 with yerrorlines lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "post, 5% (3)", \
     "settling.dat" index 1 using 1:2:3 with yerrorlines lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "pre, 5% (3)", \
     "settling.dat" index 2 using 1:2:3 with yerrorlines lc rgb "#009e73" pt 9 dt 3 lw 1.5 title "gain, 5% (3)", \
     "settling.dat" index 3 using 1:2:3 with yerrorlines lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 title "channel, 5% (3)", \
     "settling.dat" index 4 using 1:2:3 with yerrorlines lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 title "channel pre, 5% (3)"
unset arrow 1
unset label 1
set yrange [0:1.05]
set ylabel "shared with one update before"
plot "settling.dat" index 0 using 1:4:5 with yerrorlines lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "post, 5% (3)", \
     "settling.dat" index 1 using 1:4:5 with yerrorlines lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "pre, 5% (3)", \
     "settling.dat" index 2 using 1:4:5 with yerrorlines lc rgb "#009e73" pt 9 dt 3 lw 1.5 title "gain, 5% (3)", \
     "settling.dat" index 3 using 1:4:5 with yerrorlines lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 title "channel, 5% (3)", \
     "settling.dat" index 4 using 1:4:5 with yerrorlines lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 title "channel pre, 5% (3)"
set ylabel "shared with two updates before"
plot "settling.dat" index 0 using 1:6:7 with yerrorlines lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "post, 5% (3)", \
     "settling.dat" index 1 using 1:6:7 with yerrorlines lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "pre, 5% (3)", \
     "settling.dat" index 2 using 1:6:7 with yerrorlines lc rgb "#009e73" pt 9 dt 3 lw 1.5 title "gain, 5% (3)", \
     "settling.dat" index 3 using 1:6:7 with yerrorlines lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 title "channel, 5% (3)", \
     "settling.dat" index 4 using 1:6:7 with yerrorlines lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 title "channel pre, 5% (3)"
unset multiplot
unset output
